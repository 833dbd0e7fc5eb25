-- The identifiers listed with a side are those of its edges, and its edges are of the customer's own group.
WITH of_edges AS (
  SELECT customer_id, array_agg(DISTINCT identifier_id ORDER BY identifier_id) AS ids
  FROM edge WHERE customer_id IS NOT NULL GROUP BY customer_id),
listed AS (
  SELECT c.group_id, c.customer_id, coalesce(array_agg(id ORDER BY id) FILTER (WHERE id IS NOT NULL), '{}') AS ids
  FROM customer c LEFT JOIN LATERAL unnest(c.identifier_ids) AS id ON true
  GROUP BY c.group_id, c.customer_id)
SELECT l.group_id AS brand_id, 'customer ' || l.customer_id AS subject,
       cardinality(l.ids) || ' identifiers listed, ' || coalesce(cardinality(e.ids), 0) || ' with edges' AS detail
FROM listed l LEFT JOIN of_edges e USING (customer_id)
WHERE l.ids IS DISTINCT FROM coalesce(e.ids, '{}')
UNION ALL
SELECT e.group_id, 'identifier ' || e.identifier_id, 'an edge names the unknown customer ' || e.customer_id
FROM edge e LEFT JOIN customer c ON c.customer_id = e.customer_id AND c.group_id = e.group_id
WHERE e.customer_id IS NOT NULL AND c.customer_id IS NULL
