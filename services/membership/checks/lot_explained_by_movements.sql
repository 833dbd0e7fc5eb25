-- The sum of a lot's movements is what remains of it.
WITH movement AS (
  SELECT customer_id, brand_id, lot_id, sum(CASE WHEN from_account = 0 THEN -amount ELSE amount END) AS remaining
  FROM transfer WHERE lot_id IS NOT NULL GROUP BY 1, 2, 3
)
SELECT brand_id, lot_id::text AS subject,
       format('movements %s, remaining %s', coalesce(m.remaining, 0), coalesce(l.remaining, 0)) AS detail
FROM movement m FULL JOIN lot l USING (customer_id, brand_id, lot_id)
WHERE m.remaining IS DISTINCT FROM l.remaining
