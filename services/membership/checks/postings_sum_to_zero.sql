-- Every transfer has two accounts, at least one of them a customer's, and a positive amount: so all postings sum to 0.
SELECT brand_id, customer_id::text AS subject, format('member_seq %s number %s', member_seq, number) AS detail
FROM transfer
WHERE amount <= 0 OR from_account NOT BETWEEN 0 AND 5 OR to_account NOT BETWEEN 0 AND 5
   OR (from_account <> 0 AND to_account <> 0)
   OR (from_account = 0 AND to_account = 0) <> (counterparty_id IS NOT NULL)
