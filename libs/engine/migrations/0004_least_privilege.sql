-- The service's role reads and inserts everywhere (given by the migrate command to every table); what it may change or
-- delete is said here for the engine's tables and in the service's own migrations for its own. Tables without a line
-- are append-only: request, outbox, channel_event.
DO $$
DECLARE
  role text := current_schema();
BEGIN
  EXECUTE format('GRANT UPDATE ON consumer_mark, writer, instance, lease, slot, relay_cursor, waiting, parked, suspect, '
                 'dead_letter, timer, counter TO %I', role);
  EXECUTE format('GRANT DELETE ON instance, waiting, parked, suspect, timer TO %I', role);
END $$;

-- All DDL that a running service needs. Every name is qualified: nothing that the caller made can stand in for it.
CREATE FUNCTION make_partition(parent text, first_day date, end_day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  EXECUTE format('CREATE TABLE IF NOT EXISTS %I.%I PARTITION OF %I.%I FOR VALUES FROM (%L) TO (%L)', current_schema(),
                 parent || to_char(first_day, '_YYYYMMDD'), current_schema(), parent, first_day || 'Z', end_day || 'Z');
END $$;

-- Only of tables that are kept for some days, never of a ledger.
CREATE FUNCTION drop_partition(parent text, partition_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF parent NOT IN ('outbox', 'channel_event') OR partition_name !~ ('^' || parent || '_[0-9]{8}$') THEN
    RAISE insufficient_privilege USING MESSAGE = 'this table is kept';
  END IF;
  EXECUTE format('DROP TABLE IF EXISTS %I.%I', current_schema(), partition_name);
END $$;

REVOKE ALL ON FUNCTION make_partition, drop_partition FROM PUBLIC;
DO $$
BEGIN
  EXECUTE format('GRANT EXECUTE ON FUNCTION make_partition, drop_partition TO %I', current_schema());
END $$;
