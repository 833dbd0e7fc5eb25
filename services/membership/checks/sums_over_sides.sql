-- A root's sums are those of all its sides; the time of a sliding expiry is the latest of them.
WITH root AS (
  SELECT customer_id, brand_id, coalesce(all_sums, own_sums) AS sums FROM member WHERE root_id = customer_id
), element AS (
  SELECT m.root_id, m.brand_id, i,
         CASE WHEN i > 3 AND (i - 3) % 12 = 0 THEN max(m.own_sums[i]) ELSE sum(m.own_sums[i]) END AS value
  FROM member m CROSS JOIN LATERAL generate_series(1, cardinality(m.own_sums)) AS i GROUP BY 1, 2, 3
)
SELECT e.brand_id, e.root_id::text AS subject, format('element %s: sides %s, root %s', i, e.value, r.sums[i]) AS detail
FROM element e LEFT JOIN root r ON r.customer_id = e.root_id AND r.brand_id = e.brand_id
WHERE coalesce(r.sums[i], 0) <> e.value
UNION ALL
SELECT brand_id, customer_id::text, 'an absorbed side has sums over sides' FROM member
WHERE root_id <> customer_id AND all_sums IS NOT NULL
