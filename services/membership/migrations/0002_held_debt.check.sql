SELECT 'held_debts' WHERE NOT EXISTS (
  SELECT FROM pg_attribute WHERE attrelid = 'member'::regclass AND attname = 'held_debts' AND NOT attnotnull)
