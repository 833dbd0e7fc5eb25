SELECT name FROM unnest(ARRAY['transfer', 'program_version', 'applied_merge']) AS name
WHERE has_table_privilege('membership', name, 'UPDATE, DELETE, TRUNCATE');
