-- Of an order: what was taken back, owed, forgiven or had expired unspent is at most its award; and each rule gave once.
SELECT brand_id, order_source || '/' || order_id AS subject,
       format('rule %s: award %s, back %s, expired %s', rule_no, amount, back, expired) AS detail
FROM award WHERE amount <= 0 OR back < 0 OR expired < 0 OR back + expired > amount
UNION ALL
SELECT brand_id, order_source || '/' || order_id, format('rule %s gave %s times', rule_no, count(*))
FROM award GROUP BY brand_id, order_source, order_id, rule_no, transaction_id HAVING count(*) > 1
