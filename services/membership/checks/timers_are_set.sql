-- What is due later has its timer.
SELECT d.brand_id, d.customer_id::text AS subject, format('kind %s due %s, timer %s', d.kind, d.due_time, t.due_time)
  AS detail
FROM (
  SELECT m.customer_id, m.brand_id, k.kind, k.due_time FROM member m CROSS JOIN LATERAL (VALUES
    (1::int2, m.next_activation_time), (2, m.next_expiry_time), (3, m.next_warning_time), (4, m.next_hold_end_time),
    (5, m.tier_due_time)) AS k(kind, due_time)
) d
LEFT JOIN timer t ON t.owner_id = d.customer_id AND t.brand_id = d.brand_id AND t.kind = d.kind
WHERE d.due_time IS DISTINCT FROM t.due_time
