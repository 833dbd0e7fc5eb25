-- A hold's parts are its amount; captured + released + timed out = held, refunded is of what was captured; and a lot
-- holds what the open holds say.
SELECT brand_id, hold_id::text AS subject, format('amount %s captured %s refunded %s', amount, captured, refunded)
  AS detail
FROM hold
WHERE captured < 0 OR captured > amount OR refunded < 0 OR refunded > captured OR (state <> 1 AND captured > 0)
   OR amount <> (SELECT sum(p) FROM unnest(part_amounts) AS p)
UNION ALL
SELECT coalesce(l.brand_id, h.brand_id), coalesce(l.lot_id, h.lot_id)::text,
       format('lot %s, open holds %s', coalesce(l.held, 0), coalesce(h.held, 0))
FROM lot l FULL JOIN (
  SELECT p.side_id, h.brand_id, p.lot_id, sum(p.amount) AS held
  FROM hold h CROSS JOIN LATERAL unnest(h.part_side_ids, h.part_lot_ids, h.part_amounts) AS p(side_id, lot_id, amount)
  WHERE h.state = 0 GROUP BY 1, 2, 3
) h ON h.side_id = l.customer_id AND h.brand_id = l.brand_id AND h.lot_id = l.lot_id
WHERE coalesce(l.held, 0) <> coalesce(h.held, 0)
