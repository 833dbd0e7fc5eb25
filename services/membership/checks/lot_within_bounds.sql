-- No lot is below 0 or above its amount; it is closed if and only if nothing is left.
SELECT brand_id, lot_id::text AS subject,
       format('state %s amount %s remaining %s held %s', state, amount, remaining, held) AS detail
FROM lot
WHERE amount <= 0 OR remaining < 0 OR remaining > amount OR held < 0 OR held > remaining OR forgiven < 0 OR forgiven > amount
   OR expired < 0 OR (remaining = 0) <> (state = 2) OR (state = 0 AND held > 0)
