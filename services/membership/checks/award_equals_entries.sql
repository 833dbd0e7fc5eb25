-- What the orders were given and what came back is what the entries say, by transaction and rule.
WITH given AS (
  SELECT brand_id, transaction_id, rule_no, sum(amount) AS amount FROM transfer WHERE kind = 1 AND rule_no > 0
  GROUP BY 1, 2, 3
), taken AS (
  SELECT brand_id, corrects_id AS transaction_id, rule_no, sum(amount) AS amount FROM transfer WHERE kind = 2
  GROUP BY 1, 2, 3
)
SELECT a.brand_id, a.order_source || '/' || a.order_id AS subject,
       format('rule %s: award %s, entries %s; back %s, entries %s', a.rule_no, a.amount, g.amount, a.back, t.amount)
         AS detail
FROM award a
LEFT JOIN given g ON g.brand_id = a.brand_id AND g.transaction_id = a.transaction_id AND g.rule_no = a.rule_no
LEFT JOIN taken t ON t.brand_id = a.brand_id AND t.transaction_id = a.transaction_id AND t.rule_no = a.rule_no
WHERE a.amount IS DISTINCT FROM g.amount OR a.back <> coalesce(t.amount, 0)
