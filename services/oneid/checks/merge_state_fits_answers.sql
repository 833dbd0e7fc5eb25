-- A complete merge has an answer; a closed one has its time; a mismatch says what does not add up.
SELECT m.group_id AS brand_id, 'merge ' || m.merge_id AS subject, 'complete without an answer' AS detail
FROM merge m LEFT JOIN merge_answer a USING (merge_id)
WHERE m.state = 2 AND a.merge_id IS NULL
UNION ALL
SELECT group_id, 'merge ' || merge_id, 'its state and its closing time do not fit'
FROM merge
WHERE (state = 1) <> (closed_time IS NULL) OR (state = 3) <> (mismatch <> '')
