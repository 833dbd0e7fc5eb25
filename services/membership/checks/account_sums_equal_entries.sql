-- What was earned, clawed back, forgiven, spent, returned and expired is what the entries say.
WITH entry AS (
  SELECT customer_id, brand_id, currency_no,
         coalesce(sum(amount) FILTER (WHERE kind = 1), 0) AS earned,
         coalesce(sum(amount) FILTER (WHERE kind = 2), 0) AS clawed_back,
         coalesce(sum(amount) FILTER (WHERE kind = 3), 0) - coalesce(sum(amount) FILTER (WHERE kind = 4), 0) AS forgiven,
         coalesce(sum(amount) FILTER (WHERE kind = 6), 0) AS spent,
         coalesce(sum(amount) FILTER (WHERE kind = 7), 0) AS returned,
         coalesce(sum(amount) FILTER (WHERE kind = 8), 0) AS expired
  FROM transfer GROUP BY 1, 2, 3
)
SELECT brand_id, customer_id::text AS subject, format('currency %s', currency_no) AS detail
FROM entry e FULL JOIN own_account a USING (customer_id, brand_id, currency_no)
WHERE (coalesce(e.earned, 0), coalesce(e.clawed_back, 0), coalesce(e.forgiven, 0), coalesce(e.spent, 0),
       coalesce(e.returned, 0), coalesce(e.expired, 0)) IS DISTINCT FROM
      (coalesce(a.earned, 0), coalesce(a.clawed_back, 0), coalesce(a.forgiven, 0), coalesce(a.spent, 0),
       coalesce(a.returned, 0), coalesce(a.expired, 0))
