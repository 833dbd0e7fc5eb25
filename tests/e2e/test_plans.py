"""Statements that run all the time find their rows by key, also when they were planned while the tables were small: a
generic plan stays until the table is analyzed again."""

import re
import secrets
import unittest
from pathlib import Path

import plans
import world
from devlib import dsn, paths, processes, retail, services
from devlib.deployment import Deployment
from devlib.paths import ROOT, Layout
from devlib.services import Backends

# What the sessions named "queries" do when they are asked: lists, counts, and all about one member.
_ON_DEMAND = {"count_waiting", "count_parked", "count_dead_letters", "progress_counts", "read_lotless",
              "read_members_by_id", "read_members_by_balance", "read_member_counts",
              "read_currency_sums", "read_tier_counts"}
# What reads all rows of a tenant: why, and how many there are at most.
_ALL_OF_TENANT = {"read_statistics": "sums up a group's statistics: 64 shards",
                  "read_counters": "sums up a brand's counters: 64 shards of each of a fixed set of names"}
_LOOPS = {"leases", "relay", "writer", "timers", "consumer", "observer", "reads"}
_MAY_READ_MUCH = {"queries", "partitions", "start"}

# As many rows in every table that may become large as it has when autovacuum analyzes it for the first time; a table of a
# few rows is better read whole. They are those of three tenants.
_PUT_ROWS = """
SET search_path = {service};
DO $$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT c.relname, string_agg(a.attname, ', ' ORDER BY a.attnum) AS columns,
                  string_agg(CASE WHEN a.attname = ANY(ARRAY{shared}) THEN '(i % 3)::text::' || format_type(a.atttypid, -1)
                    ELSE CASE format_type(a.atttypid, -1)
                    WHEN 'uuid' THEN 'gen_random_uuid()' WHEN 'boolean' THEN 'false' WHEN 'text' THEN 'i::text'
                    WHEN 'bytea' THEN 'i::text::bytea' WHEN 'timestamp with time zone' THEN 'now()'
                    WHEN 'smallint' THEN 'i' WHEN 'integer' THEN 'i' WHEN 'bigint' THEN 'i' ELSE quote_literal('{{}}')
                    END END, ', ' ORDER BY a.attnum) AS made
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
           WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = '' AND c.relname <> ALL(ARRAY{small})
           GROUP BY c.relname LOOP
    EXECUTE format('INSERT INTO %I (%s) SELECT %s FROM generate_series(1, 200) AS i', t.relname, t.columns, t.made);
  END LOOP;
END $$;
ANALYZE"""


class _Database:
    """Both services' schemas, empty."""

    def __init__(self):
        self._cluster = world.required("TESSERA_TEST_ADMIN_DSN")
        self.name = f"plans_{secrets.token_hex(4)}"
        self.backends = Backends(dsn.replaced(self._cluster, dbname=self.name), world.required("TESSERA_TEST_BROKERS"),
                                 self.name)
        self.layout = Layout(Path(world.required("TESSERA_TEST_VAR")) / self.name)
        self.layout.create()
        dsn.run(self._cluster, f"CREATE DATABASE {self.name}")
        for service in retail.SERVICES:
            services.migrate(self.layout, service, self.backends)

    def run(self, sql: str) -> str:
        return dsn.run(self.backends.admin_dsn, sql)

    def index_columns(self, service: str) -> dict[str, list[str]]:
        """Of every index: its columns and expressions."""
        rows = self.run("SELECT c.relname, pg_get_indexdef(i.indexrelid, place, true) FROM pg_index i "
                        "JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN generate_series(1, i.indnkeyatts) AS place "
                        f"WHERE c.relnamespace IN ('{service}'::regnamespace, 'pg_catalog'::regnamespace) "
                        "ORDER BY c.oid, place")
        columns: dict[str, list[str]] = {}
        for index, column in (row.split("|", 1) for row in rows.splitlines()):
            columns.setdefault(index, []).append(column)
        return columns

    def drop(self) -> None:
        dsn.run(self._cluster, f"DROP DATABASE {self.name} WITH (FORCE)")


def _settings() -> str:
    """What pg::Connection sets for key_access_only."""
    text = (ROOT / "libs" / "pg" / "connection.cc").read_text()
    block = re.search(r"if \(options_\.key_access_only\) \{(.*?)\n  \}", text, re.DOTALL)
    return "; ".join(re.findall(r"SET \w+ = \w+", block[1]))


class StatementsTest(unittest.TestCase):

    def setUp(self):
        self._database = _Database()
        self.addCleanup(self._database.drop)
        for service in retail.SERVICES:
            self._database.run(_PUT_ROWS.format(service=service, small=sorted(plans.SMALL | {"schema_migration"}),
                                                    shared=sorted(plans.SHARED)))

    def _plan(self, service: str, statement: plans.Statement) -> str:
        nulls = ", ".join(["NULL"] * statement.parameters)
        return self._database.run(f"SET search_path = {service}; {_settings()}; PREPARE planned AS {statement.sql}; "
                                  f"EXPLAIN EXECUTE planned{f'({nulls})' if nulls else ''}")

    def test_every_statement_of_the_sources_finds_its_rows_by_key(self):
        self.assertIn("force_generic_plan", _settings())
        needless = {*_ON_DEMAND, *_ALL_OF_TENANT}
        for service in retail.SERVICES:
            index_columns = self._database.index_columns(service)
            found = plans.statements(service)
            self.assertGreater(len(found), 80)
            for statement in found:
                plan = self._plan(service, statement)
                whole = plans.read_whole(plan, index_columns)
                if whole and statement.name in {*_ON_DEMAND, *_ALL_OF_TENANT}:
                    needless.discard(statement.name)
                    continue
                with self.subTest(f"{statement.file}: {statement.name}"):
                    self.assertEqual(whole, [], plan)
        self.assertEqual(needless, set(), "need not be exceptions")


class SessionsTest(unittest.TestCase):

    def setUp(self):
        self._database = _Database()
        self.addCleanup(self._database.drop)
        for setting in ("session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0",
                        "auto_explain.log_settings = on"):
            self._database.run(f"ALTER DATABASE {self._database.name} SET {setting}")
        self._deployment = Deployment(self._database.layout, self._database.backends, retail.SERVICES)
        self.addCleanup(self._deployment.stop)
        self._log = processes.log_path(paths.TEST, "postgres")
        self._log_start = self._log.stat().st_size

    def _work(self) -> None:
        """An order's way through both services, and reads."""
        client = self._deployment.client
        retail.set_up(client)
        customer = world.a_member(self._deployment)
        client.call("membership", "PointsService/GetBalance", brand_id=retail.BRAND, customer_id=customer)
        client.call("oneid", "IdentityService/ResolveIdentifiers", brand_id=retail.BRAND,
                    identifiers=[{"namespace": "jd_pin", "value": "ann"}])

    def _plans(self) -> dict[str, set[str]]:
        """By session ("oneid/relay"): the plans that Postgres told of."""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            text = log.read().decode(errors="replace")
        told: dict[str, set[str]] = {}
        entry = rf"@{self._database.name} (\w+/\w+) LOG:  duration: \S+ ms  plan:\n((?:\t.*\n)+)"
        for session, plan in re.findall(entry, text):
            told.setdefault(session, set()).add(re.sub(r"(?m)^\t", "", plan))
        return told

    def test_no_session_of_a_loop_reads_a_table_whole(self):
        self._deployment.start(1)
        self._work()
        wanted = {f"{service}/{loop}" for service in retail.SERVICES for loop in _LOOPS}
        world.awaited(lambda: wanted <= self._plans().keys())
        for session, told in self._plans().items():
            if session.split("/")[1] in _MAY_READ_MUCH:
                continue
            self.assertIn(session, wanted)
            for plan in told:
                with self.subTest(session):
                    self.assertEqual(plans.read_whole(plan), [], plan)
                    self.assertIn("enable_seqscan = 'off'", plan)


if __name__ == "__main__":
    unittest.main()
