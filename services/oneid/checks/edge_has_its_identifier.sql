-- An identifier that has an edge has a row.
SELECT DISTINCT e.group_id AS brand_id, 'identifier ' || e.identifier_id AS subject, 'has an edge and no row' AS detail
FROM edge e LEFT JOIN identifier i USING (group_id, identifier_id)
WHERE i.identifier_id IS NULL
