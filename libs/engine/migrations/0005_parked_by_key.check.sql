SELECT 'parked_key is on digests' WHERE NOT EXISTS (
  SELECT FROM pg_index i WHERE i.indexrelid = 'parked_key'::regclass AND i.indisvalid AND i.indnatts = 3)
