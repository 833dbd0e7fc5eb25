-- Every alias ends at a living customer in one step.
SELECT m.brand_id, m.customer_id::text AS subject, 'its root is no root' AS detail
FROM member m LEFT JOIN member r ON r.customer_id = m.root_id AND r.brand_id = m.brand_id
WHERE r.root_id IS DISTINCT FROM r.customer_id OR r.customer_id IS NULL
