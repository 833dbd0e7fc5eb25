-- The engine's tables, the same in every service's schema. See docs: libs/engine/README.md.

-- Answers of mutating calls: the same request gets the same answer. request_id leads the key: with the brand first,
-- a plan made while the table was empty filters by brand instead of seeking.
CREATE TABLE request (
  request_id uuid NOT NULL,
  method text NOT NULL,
  brand_id text NOT NULL,
  input_hash bytea NOT NULL,
  refused bool NOT NULL,
  answer bytea NOT NULL,
  posted_time timestamptz NOT NULL,
  CONSTRAINT request_pk PRIMARY KEY (request_id, method, brand_id)
);

-- How far each consumed partition has taken effect.
CREATE TABLE consumer_mark (
  topic text NOT NULL,
  partition int4 NOT NULL,
  next_offset int8 NOT NULL,
  last_seq int8 NOT NULL,
  CONSTRAINT consumer_mark_pk PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

-- The last batch of each writer of each process: tells whether a commit in doubt took place.
CREATE TABLE writer (
  writer_id uuid NOT NULL,
  batch_no int8 NOT NULL,
  posted_time timestamptz NOT NULL,
  CONSTRAINT writer_pk PRIMARY KEY (writer_id)
) WITH (fillfactor = 50);

-- Running processes, for sharing the leases fairly.
CREATE TABLE instance (
  instance_id uuid NOT NULL,
  name text NOT NULL,
  until_time timestamptz NOT NULL,
  CONSTRAINT instance_pk PRIMARY KEY (instance_id)
) WITH (fillfactor = 50);

-- Who does what only one process may do at a time. A free lease has no owner; an expired one has an owner that died.
CREATE TABLE lease (
  kind text NOT NULL,
  slot int4 NOT NULL,
  owner_id uuid,
  until_time timestamptz NOT NULL,
  CONSTRAINT lease_pk PRIMARY KEY (kind, slot)
) WITH (fillfactor = 50);

-- Sequence numbers of the logs: taken last, held until commit, so that sequence order is commit order.
CREATE TABLE slot (
  log int2 NOT NULL,
  slot int4 NOT NULL,
  next_seq int8 NOT NULL,
  CONSTRAINT slot_pk PRIMARY KEY (log, slot)
) WITH (fillfactor = 50);
INSERT INTO slot SELECT log, slot, 0 FROM generate_series(0, 3) AS log, generate_series(0, 15) AS slot;

-- Events to publish, one row per log, slot and batch. Uniqueness of (log, slot, base_seq) is given by the slot's lock.
CREATE TABLE outbox (
  log int2 NOT NULL,
  slot int4 NOT NULL,
  base_seq int8 NOT NULL,
  event_count int4 NOT NULL,
  events bytea NOT NULL,
  posted_time timestamptz NOT NULL
) PARTITION BY RANGE (posted_time);
ALTER TABLE outbox ALTER COLUMN events SET STORAGE EXTERNAL;
CREATE INDEX outbox_seq ON outbox (log, slot, base_seq);
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;

-- How far each log and slot has been published. posted_time lets the relay skip the partitions that it has passed.
CREATE TABLE relay_cursor (
  log int2 NOT NULL,
  slot int4 NOT NULL,
  next_seq int8 NOT NULL,
  posted_time timestamptz NOT NULL,
  CONSTRAINT relay_cursor_pk PRIMARY KEY (log, slot)
) WITH (fillfactor = 50);
INSERT INTO relay_cursor
SELECT log, slot, 0, '-infinity' FROM generate_series(0, 3) AS log, generate_series(0, 15) AS slot;

-- Events that come before what they need. record and refusal are as in dead_letter.
CREATE TABLE waiting (
  waiting_id int8 GENERATED ALWAYS AS IDENTITY,
  wait_key text NOT NULL,
  brand_id text NOT NULL,
  event_id text NOT NULL,
  until_time timestamptz NOT NULL,
  posted_time timestamptz NOT NULL,
  refusal bytea NOT NULL,
  topic text NOT NULL,
  partition int4 NOT NULL,
  record_offset int8 NOT NULL,
  record bytea NOT NULL,
  CONSTRAINT waiting_pk PRIMARY KEY (waiting_id)
);
CREATE INDEX waiting_key ON waiting (wait_key, waiting_id);
CREATE INDEX waiting_until ON waiting (until_time);

-- Records that failed alone, and those of the same key behind them.
CREATE TABLE parked (
  parked_id int8 GENERATED ALWAYS AS IDENTITY,
  topic text NOT NULL,
  partition int4 NOT NULL,
  record_key bytea NOT NULL,
  record_offset int8 NOT NULL,
  reason text NOT NULL,
  posted_time timestamptz NOT NULL,
  record bytea NOT NULL,
  CONSTRAINT parked_pk PRIMARY KEY (parked_id)
);
CREATE INDEX parked_key ON parked (topic, partition, record_key, parked_id);

-- Records that a process was deciding after an unclean end.
CREATE TABLE suspect (
  topic text NOT NULL,
  partition int4 NOT NULL,
  record_offset int8 NOT NULL,
  met_alone int4 NOT NULL,  -- how often it was decided alone
  CONSTRAINT suspect_pk PRIMARY KEY (topic, partition, record_offset)
);

-- Refused events: the sealed record and why.
CREATE TABLE dead_letter (
  dead_letter_id int8 GENERATED ALWAYS AS IDENTITY,
  brand_id text NOT NULL,
  event_id text NOT NULL,
  reason text NOT NULL,
  field text NOT NULL,
  message text NOT NULL,
  topic text NOT NULL,
  partition int4 NOT NULL,
  record_offset int8 NOT NULL,
  posted_time timestamptz NOT NULL,
  replayed_time timestamptz,
  record bytea NOT NULL,
  CONSTRAINT dead_letter_pk PRIMARY KEY (dead_letter_id)
);

-- Events of strangers that took effect, by arrival. Uniqueness is given by the advisory lock on the id.
CREATE TABLE channel_event (
  event_id text NOT NULL,
  source text NOT NULL,
  brand_id text NOT NULL,
  content_hash int8 NOT NULL,
  arrived_time timestamptz NOT NULL
) PARTITION BY RANGE (arrived_time);
CREATE INDEX channel_event_id ON channel_event (event_id, source, brand_id);
CREATE TABLE channel_event_default PARTITION OF channel_event DEFAULT;

-- What happens later: the earliest due time per owner, brand and kind.
CREATE TABLE timer (
  owner_id uuid NOT NULL,
  brand_id text NOT NULL,
  kind int2 NOT NULL,
  due_time timestamptz NOT NULL,
  CONSTRAINT timer_pk PRIMARY KEY (owner_id, brand_id, kind)
);
CREATE INDEX timer_due ON timer (due_time);

-- Counts of what happened to events, exact because they commit with the effect; sharded against contention.
CREATE TABLE counter (
  brand_id text NOT NULL,
  name text NOT NULL,
  shard int4 NOT NULL,
  value int8 NOT NULL,
  CONSTRAINT counter_pk PRIMARY KEY (brand_id, name, shard)
) WITH (fillfactor = 50);
