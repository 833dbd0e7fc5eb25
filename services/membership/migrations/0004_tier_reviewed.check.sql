SELECT 'tier_reviewed_time' WHERE NOT EXISTS (
  SELECT FROM pg_attribute WHERE attrelid = 'member'::regclass AND attname = 'tier_reviewed_time' AND NOT attnotnull)
