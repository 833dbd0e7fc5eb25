-- At any time an identifier has at most one owner: its edges do not overlap.
SELECT group_id AS brand_id, 'identifier ' || identifier_id AS subject,
       'an edge from ' || valid_from || ' begins before ' || before_to || ', where one before it ends' AS detail
FROM (SELECT group_id, identifier_id, valid_from, valid_to,
             max(valid_to) OVER (PARTITION BY group_id, identifier_id ORDER BY valid_from, seq
                                 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_to
      FROM edge) e
WHERE before_to > valid_from AND valid_from < valid_to
