SELECT 'hash partitions' WHERE (SELECT count(*) FROM pg_inherits
  WHERE inhparent IN ('identifier'::regclass, 'edge'::regclass)) <> 16
UNION ALL
SELECT 'partition for coming months' WHERE to_regclass('identifier_event_default') IS NULL
