SELECT 'slots' WHERE (SELECT count(*) FROM slot) <> 64
UNION ALL
SELECT 'cursors' WHERE (SELECT count(*) FROM relay_cursor) <> 64
