-- A side's counts are those of its rows.
SELECT m.brand_id, m.customer_id::text AS subject,
       format('lots %s/%s entries %s/%s orders %s/%s', m.own_sums[1], l.n, m.own_sums[2], t.n, m.own_sums[3], o.n)
         AS detail
FROM member m
LEFT JOIN (SELECT customer_id, brand_id, count(*) AS n FROM lot GROUP BY 1, 2) l USING (customer_id, brand_id)
LEFT JOIN (SELECT customer_id, brand_id, count(*) AS n FROM transfer GROUP BY 1, 2) t USING (customer_id, brand_id)
LEFT JOIN (SELECT customer_id, brand_id, count(*) AS n FROM shop_order WHERE paid_time IS NOT NULL GROUP BY 1, 2) o
  USING (customer_id, brand_id)
WHERE m.own_sums[1] <> coalesce(l.n, 0) OR m.own_sums[2] <> coalesce(t.n, 0) OR m.own_sums[3] <> coalesce(o.n, 0)
