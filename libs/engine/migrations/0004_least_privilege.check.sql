SELECT name FROM unnest(ARRAY['request', 'outbox', 'channel_event']) AS name
WHERE has_table_privilege(current_schema(), name, 'UPDATE, DELETE, TRUNCATE');
