SELECT 'channel_event_id is valid' WHERE NOT EXISTS (
  SELECT FROM pg_index i WHERE i.indexrelid = 'channel_event_id'::regclass AND i.indisvalid)
