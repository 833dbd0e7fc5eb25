SELECT 'activity' WHERE to_regclass('activity') IS NULL
