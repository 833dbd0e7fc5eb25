SELECT name FROM unnest(ARRAY['namespace', 'merge_answer', 'identifier_event']) AS name
WHERE has_table_privilege('oneid', name, 'UPDATE, DELETE, TRUNCATE');
