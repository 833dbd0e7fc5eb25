-- No customer has more values of a namespace at one time than its rules allow. Rules may have been tightened since: the
-- widest that the group ever had counts (0 is no limit).
WITH held AS (
  SELECT e.group_id, c.root_id, e.namespace, e.scope, e.identifier_id, e.valid_from, e.valid_to
  FROM edge e JOIN customer c USING (customer_id)
  WHERE e.valid_from < e.valid_to),
limits AS (
  SELECT group_id, name AS namespace, CASE WHEN min(at_most) = 0 THEN NULL ELSE max(at_most) END AS at_most
  FROM namespace GROUP BY group_id, name),
crowded AS (
  SELECT h.group_id, h.root_id, h.namespace, h.scope, l.at_most
  FROM held h JOIN limits l USING (group_id, namespace)
  WHERE l.at_most IS NOT NULL
  GROUP BY h.group_id, h.root_id, h.namespace, h.scope, l.at_most
  HAVING count(DISTINCT h.identifier_id) > l.at_most)
SELECT a.group_id AS brand_id, 'customer ' || a.root_id AS subject,
       a.namespace || ' ' || a.scope || ': ' || count(DISTINCT b.identifier_id) || ' values at ' || a.valid_from ||
       ', at most ' || k.at_most AS detail
FROM crowded k
JOIN held a USING (group_id, root_id, namespace, scope)
JOIN held b ON b.group_id = a.group_id AND b.root_id = a.root_id AND b.namespace = a.namespace AND b.scope = a.scope
  AND b.valid_from <= a.valid_from AND a.valid_from < b.valid_to
GROUP BY a.group_id, a.root_id, a.namespace, a.scope, a.identifier_id, a.valid_from, k.at_most
HAVING count(DISTINCT b.identifier_id) > k.at_most
