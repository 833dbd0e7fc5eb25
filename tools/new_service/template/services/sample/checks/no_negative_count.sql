SELECT brand_id, customer_id::text, 'event_count ' || event_count FROM activity WHERE event_count < 0
