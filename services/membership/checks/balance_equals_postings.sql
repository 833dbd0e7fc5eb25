-- balance = sum of postings = available + pending + held - debt, for each side and currency.
WITH posting AS (
  SELECT customer_id, brand_id, currency_no, CASE WHEN from_account = 0 THEN -amount ELSE amount END AS amount
  FROM transfer
  UNION ALL
  SELECT counterparty_id, brand_id, currency_no, amount FROM transfer WHERE counterparty_id IS NOT NULL
), posted AS (
  SELECT customer_id, brand_id, currency_no, sum(amount) AS balance FROM posting GROUP BY 1, 2, 3
)
SELECT brand_id, customer_id::text AS subject,
       format('currency %s: postings %s, account %s', currency_no, coalesce(p.balance, 0),
              coalesce(a.available + a.pending + a.held - a.debt, 0)) AS detail
FROM posted p FULL JOIN own_account a USING (customer_id, brand_id, currency_no)
WHERE coalesce(p.balance, 0) <> coalesce(a.available + a.pending + a.held - a.debt, 0)
