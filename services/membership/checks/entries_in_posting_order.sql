-- No entry of a root's sides is numbered beyond its counter.
SELECT t.brand_id, t.customer_id::text AS subject, format('member_seq %s, counter %s', max(t.member_seq), r.member_seq)
  AS detail
FROM transfer t JOIN member m USING (customer_id, brand_id)
JOIN member r ON r.customer_id = m.root_id AND r.brand_id = m.brand_id
GROUP BY t.brand_id, t.customer_id, r.member_seq HAVING max(t.member_seq) > r.member_seq
