-- Where growth is kept by day, the days sum up to what is available.
SELECT a.brand_id, a.customer_id::text AS subject,
       format('currency %s: days %s, available %s', a.currency_no, coalesce(g.amount, 0), a.available) AS detail
FROM own_account a JOIN member m USING (customer_id, brand_id)
JOIN (SELECT DISTINCT p.brand_id, c ->> 'name' AS name FROM program_version p
      CROSS JOIN LATERAL jsonb_array_elements(p.document::jsonb -> 'currencies') AS c
      WHERE c ->> 'kind' = 'KIND_GROWTH') AS k ON k.brand_id = a.brand_id
JOIN brand b ON b.brand_id = a.brand_id AND b.currency_names[a.currency_no] = k.name
LEFT JOIN (SELECT customer_id, brand_id, currency_no, sum(amount) AS amount FROM growth_day GROUP BY 1, 2, 3) g
  ON g.customer_id = a.customer_id AND g.brand_id = a.brand_id AND g.currency_no = a.currency_no
WHERE m.growth_days_kept AND coalesce(g.amount, 0) <> a.available
