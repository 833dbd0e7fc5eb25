-- The tier is what the program that judged it makes of the qualifying sum: never below its level with downgrade NONE,
-- and always its level if returns lower it at once by balance. Windows other than LIFETIME need the clock: not here.
WITH judged AS (
  SELECT m.brand_id, m.customer_id, m.tier_level, p.document::jsonb AS program, coalesce(m.all_sums, m.own_sums) AS sums,
         b.currency_names
  FROM member m JOIN brand b USING (brand_id)
  JOIN program_version p ON p.brand_id = m.brand_id AND p.version = m.tier_version
  WHERE m.root_id = m.customer_id AND m.enrolled_time IS NOT NULL
), level AS (
  SELECT j.*, (SELECT count(*) FROM jsonb_array_elements(program -> 'tiers') AS t
               WHERE coalesce((t ->> 'threshold')::int8, 0) <= coalesce(
                 sums[array_position(currency_names, program -> 'tier_policy' ->> 'qualifying_currency') * 12 - 8], 0))
           AS qualified
  FROM judged j WHERE program -> 'tier_policy' ->> 'window' = 'WINDOW_LIFETIME'
)
SELECT brand_id, customer_id::text AS subject, format('level %s, by its sum %s', tier_level, qualified) AS detail
FROM level
WHERE tier_level < qualified
   OR (tier_level > qualified AND program -> 'tier_policy' ->> 'downgrade' = 'DOWNGRADE_BY_BALANCE'
       AND program -> 'tier_policy' ->> 'on_return' = 'ON_RETURN_AT_ONCE')
