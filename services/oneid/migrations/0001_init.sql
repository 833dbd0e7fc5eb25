-- oneid's tables. Identifiers and edges are found by (group_id, identifier_id) and spread by hash; what only grows with
-- time is partitioned by the month of posting.

CREATE TABLE brand_group (
  group_id text NOT NULL,
  config_version int8 NOT NULL,  -- rises with each change of brands or rules
  rule_version int8 NOT NULL,
  fingerprint int8 NOT NULL,  -- of the whole configuration: tells whether what a process keeps is still right
  CONSTRAINT brand_group_pk PRIMARY KEY (group_id)
);

CREATE TABLE brand (
  brand_id text NOT NULL,
  group_id text NOT NULL,
  version int8 NOT NULL,
  time_zone text NOT NULL,
  region text NOT NULL,
  currency text NOT NULL,
  CONSTRAINT brand_pk PRIMARY KEY (brand_id),
  CONSTRAINT brand_group_fk FOREIGN KEY (group_id) REFERENCES brand_group
);
CREATE INDEX brand_by_group ON brand (group_id);

-- Which channels of a brand share their order numbers.
CREATE TABLE order_source (
  brand_id text NOT NULL,
  source text NOT NULL,
  order_source text NOT NULL,
  CONSTRAINT order_source_pk PRIMARY KEY (brand_id, source)
);

-- The namespaces of every rule version, for ever. The codes are those of tessera.oneid.v1.
CREATE TABLE namespace (
  group_id text NOT NULL,
  rule_version int8 NOT NULL,
  name text NOT NULL,
  scope_parts int8[] NOT NULL,
  at_most int8 NOT NULL,  -- 0: no limit of its own
  strength int2 NOT NULL,
  rank int4 NOT NULL,
  transferable bool NOT NULL,
  dormant_days int8 NOT NULL,  -- 0: never
  normaliser int2 NOT NULL,
  blocked_values text[] NOT NULL,
  blocked_patterns text[] NOT NULL,
  velocity_customers int8,
  velocity_window_hours int8,  -- 0: ever
  fold_mail_providers bool NOT NULL,
  posted_time timestamptz NOT NULL,
  CONSTRAINT namespace_pk PRIMARY KEY (group_id, rule_version, name),
  CONSTRAINT namespace_rank UNIQUE (group_id, rule_version, rank)
);

-- A customer as it arrived (a side). A living one is its own root; the root's row is the lock of all its sides and
-- their edges. person_key is wrapped; without it the person's values cannot be opened.
CREATE TABLE customer (
  customer_id uuid NOT NULL,
  group_id text NOT NULL,
  root_id uuid NOT NULL,
  anonymous bool NOT NULL,
  decision_number int8 NOT NULL,
  last_change_id uuid,  -- of roots: the last identity change
  identifier_ids uuid[] NOT NULL,  -- that have edges with this side, in order of arrival
  person_key bytea,
  CONSTRAINT customer_pk PRIMARY KEY (customer_id)
) WITH (fillfactor = 80);
CREATE INDEX customer_side ON customer (root_id) WHERE root_id <> customer_id;

-- The id is a keyed hash of (group, namespace, scope, value). sealed_value is under the key of sealed_for.
CREATE TABLE identifier (
  group_id text NOT NULL,
  identifier_id uuid NOT NULL,
  namespace text NOT NULL,
  scope text NOT NULL,
  decision_number int8 NOT NULL,
  quarantined bool NOT NULL,
  shared bool NOT NULL,
  logged_in_customer_id uuid,
  transaction_customer_id uuid,
  sealed_for uuid,
  sealed_value bytea,
  CONSTRAINT identifier_pk PRIMARY KEY (group_id, identifier_id)
) PARTITION BY HASH (identifier_id);

-- Who owned an identifier when: appended and closed only. An edge without a customer only ends what comes before it.
CREATE TABLE edge (
  group_id text NOT NULL,
  identifier_id uuid NOT NULL,
  valid_from timestamptz NOT NULL,
  seq int2 NOT NULL,
  valid_to timestamptz NOT NULL,
  customer_id uuid,
  namespace text NOT NULL,
  scope text NOT NULL,
  source text NOT NULL,
  event_id text NOT NULL,
  reason int2 NOT NULL,
  rule_version int8 NOT NULL,
  decision_number int8 NOT NULL,
  CONSTRAINT edge_pk PRIMARY KEY (group_id, identifier_id, valid_from, seq)
) PARTITION BY HASH (identifier_id);

DO $$
BEGIN
  FOR part IN 0..7 LOOP
    EXECUTE format('CREATE TABLE identifier_%s PARTITION OF identifier FOR VALUES WITH (MODULUS 8, REMAINDER %s) '
                   'WITH (fillfactor = 80)', part, part);
    EXECUTE format('CREATE TABLE edge_%s PARTITION OF edge FOR VALUES WITH (MODULUS 8, REMAINDER %s) '
                   'WITH (fillfactor = 90)', part, part);
  END LOOP;
END $$;

-- Which customers an identifier with a velocity was presented with, by hour; hour is 1970 where the window is for ever.
CREATE TABLE presentation (
  group_id text NOT NULL,
  identifier_id uuid NOT NULL,
  hour timestamptz NOT NULL,
  customer_id uuid NOT NULL,
  first_time timestamptz NOT NULL,
  last_time timestamptz NOT NULL,
  CONSTRAINT presentation_pk PRIMARY KEY (group_id, identifier_id, hour, customer_id)
) WITH (fillfactor = 80);

-- The last day (since 1970, UTC) on which an owner's event carried a transferable identifier.
CREATE TABLE activity (
  group_id text NOT NULL,
  identifier_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  last_day int8 NOT NULL,
  CONSTRAINT activity_pk PRIMARY KEY (group_id, identifier_id, customer_id)
) WITH (fillfactor = 80);

CREATE TABLE merge (
  merge_id uuid NOT NULL,
  group_id text NOT NULL,
  survivor_id uuid NOT NULL,
  absorbed_id uuid NOT NULL,
  state int2 NOT NULL,  -- 1 open, 2 complete, 3 mismatch
  merge_time timestamptz NOT NULL,
  brand_id text NOT NULL,
  source text NOT NULL,
  event_id text NOT NULL,
  mismatch text NOT NULL,
  posted_time timestamptz NOT NULL,
  closed_time timestamptz,
  CONSTRAINT merge_pk PRIMARY KEY (merge_id)
);
CREATE INDEX merge_by_group ON merge (group_id, merge_id);
CREATE INDEX merge_not_complete ON merge (group_id, merge_id) WHERE state <> 2;
CREATE INDEX merge_by_absorbed ON merge (absorbed_id);

-- answer: tessera.events.v1.Rekeyed.
CREATE TABLE merge_answer (
  merge_id uuid NOT NULL,
  service text NOT NULL,
  answer bytea NOT NULL,
  posted_time timestamptz NOT NULL,
  CONSTRAINT merge_answer_pk PRIMARY KEY (merge_id, service)
);

-- What resolution did with each event. event_hash finds (brand, source, event id); steps:
-- tessera.oneid.v1.ResolutionSteps.
CREATE TABLE identifier_event (
  event_hash int8 NOT NULL,
  posted_time timestamptz NOT NULL,
  event_time timestamptz NOT NULL,
  decision_number int8 NOT NULL,
  changed_graph bool NOT NULL,
  root_id uuid,
  origin_customer_id uuid,
  brand_id text NOT NULL,
  source text NOT NULL,
  event_id text NOT NULL,
  steps bytea NOT NULL
) PARTITION BY RANGE (posted_time);
CREATE INDEX identifier_event_hash ON identifier_event (event_hash);
CREATE TABLE identifier_event_default PARTITION OF identifier_event DEFAULT;

-- Counts of a group, kept with the rows that they count; in shards, so that writers do not meet.
CREATE TABLE statistic (
  group_id text NOT NULL,
  shard int4 NOT NULL,
  customers int8 NOT NULL,            -- living, not anonymous
  anonymous_customers int8 NOT NULL,  -- living
  merges int8 NOT NULL,
  merges_complete int8 NOT NULL,
  merges_mismatched int8 NOT NULL,
  unresolved_events int8 NOT NULL,
  CONSTRAINT statistic_pk PRIMARY KEY (group_id, shard)
) WITH (fillfactor = 50);
