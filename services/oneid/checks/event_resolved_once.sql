-- Every accepted event was resolved once, to one customer and side or to none. Looks as far back as accepted events are
-- remembered.
SELECT c.brand_id, 'event ' || c.source || '/' || c.event_id AS subject,
       'resolved ' || count(i.event_id) || ' times' AS detail
FROM (SELECT brand_id, source, event_id, min(arrived_time) AS arrived_time FROM channel_event
      GROUP BY brand_id, source, event_id) c
LEFT JOIN identifier_event i ON i.brand_id = c.brand_id AND i.source = c.source AND i.event_id = c.event_id
  AND i.posted_time >= c.arrived_time
GROUP BY c.brand_id, c.source, c.event_id
HAVING count(i.event_id) <> 1
UNION ALL
SELECT brand_id, 'event ' || source || '/' || event_id, 'it has a customer without a side, or a side without a customer'
FROM identifier_event
WHERE (root_id IS NULL) <> (origin_customer_id IS NULL)
