-- Every table of this service is there and, as nothing has happened yet, empty.
SELECT 'tables' WHERE (SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname IN (
  'brand', 'program_version', 'member', 'applied_merge', 'shop_order', 'lot', 'hold', 'transfer', 'transfer_default',
  'growth_day')) <> 10
UNION ALL
SELECT 'rows' WHERE EXISTS (SELECT FROM member) OR EXISTS (SELECT FROM transfer) OR EXISTS (SELECT FROM lot)
