-- The kept counts are what counting gives.
WITH kept AS (
  SELECT group_id, sum(customers) AS customers, sum(anonymous_customers) AS anonymous_customers, sum(merges) AS merges,
         sum(merges_complete) AS merges_complete, sum(merges_mismatched) AS merges_mismatched
  FROM statistic GROUP BY group_id),
customers AS (
  SELECT group_id, count(*) FILTER (WHERE NOT anonymous) AS customers, count(*) FILTER (WHERE anonymous) AS anonymous_customers
  FROM customer WHERE root_id = customer_id GROUP BY group_id),
merges AS (
  SELECT group_id, count(*) AS merges, count(*) FILTER (WHERE state = 2) AS merges_complete,
         count(*) FILTER (WHERE state = 3) AS merges_mismatched
  FROM merge GROUP BY group_id)
SELECT g.group_id AS brand_id, 'group ' || g.group_id AS subject, n.name || ': kept ' || n.kept || ', counted ' || n.counted AS detail
FROM brand_group g
LEFT JOIN kept k USING (group_id)
LEFT JOIN customers c USING (group_id)
LEFT JOIN merges m USING (group_id)
CROSS JOIN LATERAL (VALUES
  ('customers', coalesce(k.customers, 0), coalesce(c.customers, 0)),
  ('anonymous_customers', coalesce(k.anonymous_customers, 0), coalesce(c.anonymous_customers, 0)),
  ('merges', coalesce(k.merges, 0), coalesce(m.merges, 0)),
  ('merges_complete', coalesce(k.merges_complete, 0), coalesce(m.merges_complete, 0)),
  ('merges_mismatched', coalesce(k.merges_mismatched, 0), coalesce(m.merges_mismatched, 0))) AS n(name, kept, counted)
WHERE n.kept <> n.counted
