-- Membership's tables. A side is the customer id that a fact arrived with, for ever; a root is the living customer.
-- Currencies and rules are numbered per brand: the number is the place in brand.currency_names or rule_names, from 1.

CREATE TABLE brand (
  brand_id text NOT NULL,
  group_id text NOT NULL,
  time_zone text NOT NULL,
  region text NOT NULL,
  currency text NOT NULL,
  version int8 NOT NULL,
  currency_names text[] NOT NULL,
  rule_names text[] NOT NULL,
  rejudge_after_id uuid,
  CONSTRAINT brand_pk PRIMARY KEY (brand_id)
);

-- Documents as they were put, never changed.
CREATE TABLE program_version (
  brand_id text NOT NULL,
  version int4 NOT NULL,
  valid_from_time timestamptz NOT NULL,
  created_time timestamptz NOT NULL,
  document_hash int8 NOT NULL,
  document text NOT NULL,
  CONSTRAINT program_version_pk PRIMARY KEY (brand_id, version)
);

-- One row per side. The root's row is the lock for all its sides, lots, orders and holds.
-- own_sums: lots, entries, orders, then twelve for each currency, see view own_account. all_sums: the same over all
-- sides of a root; null: this side is alone. The tier, member_seq and enrolled_time are valid on roots only.
CREATE TABLE member (
  customer_id uuid NOT NULL,
  root_id uuid NOT NULL,
  member_seq int8 NOT NULL,
  own_enrolled_time timestamptz,
  enrolled_time timestamptz,
  next_activation_time timestamptz,
  next_expiry_time timestamptz,
  next_warning_time timestamptz,
  next_hold_end_time timestamptz,
  tier_since_time timestamptz,
  tier_hold_time timestamptz,
  tier_grace_time timestamptz,
  tier_due_time timestamptz,
  tier_version int4 NOT NULL,
  tier_level int2 NOT NULL,
  growth_days_kept bool NOT NULL,
  brand_id text NOT NULL,
  own_sums int8[] NOT NULL,
  all_sums int8[],
  CONSTRAINT member_pk PRIMARY KEY (customer_id, brand_id)
) WITH (fillfactor = 70);
CREATE INDEX member_absorbed ON member (root_id, brand_id) WHERE root_id <> customer_id;

-- A sum over members that is larger than any number we keep is told as the largest one.
CREATE FUNCTION saturated(total numeric) RETURNS int8 IMMUTABLE LANGUAGE sql
  AS 'SELECT greatest(least(total, 9223372036854775807), -9223372036854775808)::int8';

CREATE VIEW own_account AS
SELECT m.customer_id, m.brand_id, m.root_id, c::int2 AS currency_no, m.own_sums[c * 12 - 8] AS available,
       m.own_sums[c * 12 - 7] AS pending, m.own_sums[c * 12 - 6] AS held, m.own_sums[c * 12 - 5] AS debt,
       m.own_sums[c * 12 - 4] AS held_debt, m.own_sums[c * 12 - 3] AS earned, m.own_sums[c * 12 - 2] AS clawed_back,
       m.own_sums[c * 12 - 1] AS forgiven, m.own_sums[c * 12] AS spent, m.own_sums[c * 12 + 1] AS returned,
       m.own_sums[c * 12 + 2] AS expired, m.own_sums[c * 12 + 3] AS sliding_expiry_us
FROM member m CROSS JOIN LATERAL generate_series(1, (cardinality(m.own_sums) - 3) / 12) AS c;

-- Merges that were applied, each once.
CREATE TABLE applied_merge (
  merge_id uuid NOT NULL,
  group_id text NOT NULL,
  survivor_id uuid NOT NULL,
  absorbed_id uuid NOT NULL,
  merge_time timestamptz NOT NULL,
  posted_time timestamptz NOT NULL,
  CONSTRAINT applied_merge_pk PRIMARY KEY (merge_id)
);

-- One row per order, with all its awards: one row instead of one for each rule.
-- awards: eight for each award: rule, currency, amount, clawed back, expired unspent (counts as taken back), time in
-- microseconds, has a lot (1), by order.completed (1). allocations: each award's lines one after the other. back: pieces
-- of each line, then money.
CREATE TABLE shop_order (
  order_id text NOT NULL,
  order_source text NOT NULL,
  brand_id text NOT NULL,
  customer_id uuid NOT NULL,
  paid_time timestamptz,
  completed_time timestamptz,
  paid_transaction_id uuid,
  completed_transaction_id uuid,
  purchase bytea,
  awards int8[] NOT NULL,
  allocations int8[] NOT NULL,
  back int8[],
  CONSTRAINT shop_order_pk PRIMARY KEY (order_id, order_source, brand_id)
) WITH (fillfactor = 90);

CREATE VIEW award AS
SELECT o.order_id, o.order_source, o.brand_id, o.customer_id, o.awards[i] AS rule_no, o.awards[i + 1] AS currency_no,
       o.awards[i + 2] AS amount, o.awards[i + 3] AS back, o.awards[i + 4] AS expired, o.awards[i + 6] = 1 AS has_lot,
       CASE WHEN o.awards[i + 7] = 1 THEN o.completed_transaction_id ELSE o.paid_transaction_id END AS transaction_id
FROM shop_order o CROSS JOIN LATERAL generate_series(1, cardinality(o.awards), 8) AS i;

-- Points that were earned together. state: 0 pending, 1 active, 2 closed.
CREATE TABLE lot (
  customer_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  transaction_id uuid NOT NULL,
  origin_lot_id uuid,
  amount int8 NOT NULL,
  remaining int8 NOT NULL,
  held int8 NOT NULL,
  forgiven int8 NOT NULL,
  expired int8 NOT NULL,
  earned_time timestamptz NOT NULL,
  activation_time timestamptz NOT NULL,
  expiry_time timestamptz NOT NULL,
  program_version int4 NOT NULL,
  rule_no int2 NOT NULL,
  currency_no int2 NOT NULL,
  state int2 NOT NULL,
  slides bool NOT NULL,
  warned bool NOT NULL,
  brand_id text NOT NULL,
  CONSTRAINT lot_pk PRIMARY KEY (customer_id, brand_id, lot_id)
) WITH (fillfactor = 90);
CREATE INDEX lot_active ON lot (customer_id, brand_id, currency_no, expiry_time, lot_id) WHERE state = 1;
CREATE INDEX lot_pending ON lot (customer_id, brand_id, activation_time, lot_id) WHERE state = 0;
CREATE INDEX lot_origin ON lot (customer_id, brand_id, origin_lot_id) WHERE origin_lot_id IS NOT NULL;

-- Holds and spends. state: 0 open, 1 captured, 2 released, 3 timed out. A part belongs to a lot of a side.
CREATE TABLE hold (
  customer_id uuid NOT NULL,
  hold_id uuid NOT NULL,
  amount int8 NOT NULL,
  captured int8 NOT NULL,
  refunded int8 NOT NULL,
  end_time timestamptz NOT NULL,
  currency_no int2 NOT NULL,
  state int2 NOT NULL,
  brand_id text NOT NULL,
  part_side_ids uuid[] NOT NULL,
  part_lot_ids uuid[] NOT NULL,
  part_amounts int8[] NOT NULL,
  CONSTRAINT hold_pk PRIMARY KEY (customer_id, brand_id, hold_id)
) WITH (fillfactor = 90);
CREATE INDEX hold_open ON hold (customer_id, brand_id, end_time, hold_id) WHERE state = 0;

-- The ledger: append only. One row names both accounts, so that postings cannot fail to sum to 0.
-- kind: 1 earned, 2 clawed back, 3 forgiven, 4 made good, 5 debt paid, 6 spent, 7 returned, 8 expired, 9 activated.
-- from_account, to_account: 0 a customer's, 1 issuance, 2 redemption, 3 expiry, 4 adjustment, 5 breakage. customer_id is
-- the customer; where both are customers' it is the payer, and counterparty_id the receiver.
CREATE TABLE transfer (
  member_seq int8 NOT NULL,
  amount int8 NOT NULL,
  effective_time timestamptz NOT NULL,
  posted_time timestamptz NOT NULL,
  number int4 NOT NULL,
  program_version int4 NOT NULL,
  kind int2 NOT NULL,
  currency_no int2 NOT NULL,
  from_account int2 NOT NULL,
  to_account int2 NOT NULL,
  rule_no int2 NOT NULL,
  customer_id uuid NOT NULL,
  transaction_id uuid NOT NULL,
  counterparty_id uuid,
  lot_id uuid,
  corrects_id uuid,
  brand_id text NOT NULL,
  cause_source text NOT NULL,
  cause_id text NOT NULL,
  CONSTRAINT transfer_pk PRIMARY KEY (customer_id, brand_id, member_seq, number, posted_time),
  CONSTRAINT transfer_amount_positive CHECK (amount > 0)
) PARTITION BY RANGE (posted_time);
CREATE TABLE transfer_default PARTITION OF transfer DEFAULT;

-- Active growth by day, for tiers judged by a window; rows of a side count only while member.growth_days_kept.
CREATE TABLE growth_day (
  customer_id uuid NOT NULL,
  brand_id text NOT NULL,
  currency_no int2 NOT NULL,
  day int4 NOT NULL,
  amount int8 NOT NULL,
  CONSTRAINT growth_day_pk PRIMARY KEY (customer_id, brand_id, currency_no, day)
) WITH (fillfactor = 80);
