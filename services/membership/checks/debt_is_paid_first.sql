-- Nobody has debt and available points of one currency at once; provisional debt is debt and stands for held points.
SELECT brand_id, root_id::text AS subject,
       format('currency %s: available %s, held %s, debt %s, provisional %s', currency_no, sum(available), sum(held),
              sum(debt), sum(held_debt)) AS detail
FROM own_account GROUP BY brand_id, root_id, currency_no
HAVING (sum(debt) > 0 AND sum(available) > 0) OR sum(held_debt) > sum(held) OR min(debt) < 0 OR min(held_debt) < 0
    OR bool_or(held_debt > debt)
