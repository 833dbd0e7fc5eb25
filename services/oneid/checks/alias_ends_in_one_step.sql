-- Every alias ends at a living customer of the same group in one step.
SELECT c.group_id AS brand_id, 'customer ' || c.customer_id AS subject,
       coalesce('its root ' || c.root_id || ' leads on to ' || r.root_id, 'its root ' || c.root_id || ' does not exist')
         AS detail
FROM customer c LEFT JOIN customer r ON r.customer_id = c.root_id
WHERE r.customer_id IS NULL OR r.root_id <> r.customer_id OR r.group_id <> c.group_id
