-- available = remaining of active lots less held parts, pending and held likewise. Growth has lots only while pending.
WITH growth AS (
  SELECT DISTINCT p.brand_id, c ->> 'name' AS name
  FROM program_version p CROSS JOIN LATERAL jsonb_array_elements(p.document::jsonb -> 'currencies') AS c
  WHERE c ->> 'kind' = 'KIND_GROWTH'
), lots AS (
  SELECT customer_id, brand_id, currency_no,
         sum(remaining - held) FILTER (WHERE state = 1) AS available,
         sum(remaining) FILTER (WHERE state = 0) AS pending, sum(held) AS held
  FROM lot GROUP BY 1, 2, 3
)
SELECT brand_id, customer_id::text AS subject,
       format('currency %s: lots %s/%s/%s, account %s/%s/%s', currency_no, l.available, l.pending, l.held, a.available,
              a.pending, a.held) AS detail
FROM own_account a FULL JOIN lots l USING (customer_id, brand_id, currency_no) JOIN brand b USING (brand_id)
WHERE coalesce(l.pending, 0) <> coalesce(a.pending, 0) OR coalesce(l.held, 0) <> coalesce(a.held, 0)
   OR (coalesce(l.available, 0) <> coalesce(a.available, 0)
       AND (brand_id, b.currency_names[currency_no]) NOT IN (SELECT g.brand_id, g.name FROM growth g))
