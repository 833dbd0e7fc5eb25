-- A customer is absorbed exactly if there is one merge that absorbed it, and both sides of each merge have one root.
SELECT c.group_id AS brand_id, 'customer ' || c.customer_id AS subject,
       CASE WHEN count(m.merge_id) = 0 THEN 'absorbed without a merge' ELSE 'absorbed by ' || count(m.merge_id) || ' merges' END
         AS detail
FROM customer c LEFT JOIN merge m ON m.absorbed_id = c.customer_id
WHERE c.root_id <> c.customer_id
GROUP BY c.group_id, c.customer_id
HAVING count(m.merge_id) <> 1
UNION ALL
SELECT m.group_id, 'merge ' || m.merge_id, 'its customers have different roots'
FROM merge m
LEFT JOIN customer s ON s.customer_id = m.survivor_id
LEFT JOIN customer a ON a.customer_id = m.absorbed_id
WHERE s.root_id IS DISTINCT FROM a.root_id
