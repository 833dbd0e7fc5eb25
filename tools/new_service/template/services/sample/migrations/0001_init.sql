CREATE TABLE activity (
  customer_id uuid NOT NULL,
  brand_id text NOT NULL,
  event_count int8 NOT NULL,
  last_event_time timestamptz NOT NULL,
  CONSTRAINT activity_pk PRIMARY KEY (customer_id, brand_id)
) WITH (fillfactor = 70);
-- It may read and insert everywhere; what it may change or delete besides is said table by table.
GRANT UPDATE ON activity TO sample;
