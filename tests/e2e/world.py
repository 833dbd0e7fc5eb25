"""What the end-to-end tests share: services of their own on a fresh database and fresh topics of the run's clusters."""

import contextlib
import datetime
import functools
import json
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Callable, Iterator, TypeVar

_ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(_ROOT / "tools"))

import recompute  # noqa: E402
from devlib import dsn, retail  # noqa: E402
from devlib.deployment import Deployment  # noqa: E402
from devlib.paths import Layout  # noqa: E402
from devlib.services import Backends  # noqa: E402

# A day that is past, so that every event of the replay is, whenever the tests run.
ANCHOR = datetime.date(2026, 3, 1)
_PATIENCE_SECONDS = 60.0
T = TypeVar("T")
COMPARED = ("published", "identity", "membership", "top_members")


def required(name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise SystemExit(f"{name} is not set: run this test through `tools/dev test`") from None


@contextlib.contextmanager
def services(names: list[str], instances: int = 1) -> Iterator[Deployment]:
    """The services, ready, with nothing in them; gone at the end."""
    name = f"e2e_{secrets.token_hex(4)}"
    admin_dsn = required("TESSERA_TEST_ADMIN_DSN")
    dsn.run(admin_dsn, f"CREATE DATABASE {name}")
    backends = Backends(dsn.replaced(admin_dsn, dbname=name), required("TESSERA_TEST_BROKERS"), name)
    deployment = Deployment(Layout(Path(required("TESSERA_TEST_VAR")) / name), backends, names)
    try:
        deployment.start(instances)
        yield deployment
    finally:
        deployment.stop()
        dsn.run(admin_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def shop(instances: int = 1) -> Iterator[Deployment]:
    """The demo's services with its brand set up."""
    with services(retail.SERVICES, instances) as deployment:
        retail.set_up(deployment.client)
        yield deployment


@functools.cache
def expected_text() -> str:
    return json.dumps(recompute.report(recompute.read_rows(str(retail.DATA)), ANCHOR))


def expected() -> dict:
    """The report as the raw file alone tells it; a copy that may be changed."""
    return json.loads(expected_text())


def compared(report: dict) -> dict:
    """The part of a report that must equal the expected one."""
    return {group: report[group] for group in COMPARED}


def broken(report: dict) -> dict:
    """The invariants that do not hold."""
    return {name: count for name, count in report["invariants"].items() if count}


def awaited(condition: Callable[[], T]) -> T:
    """What the condition answers when that is something; an AssertionError if it never is."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come about")


def a_member(deployment: Deployment) -> str:
    """The customer of the shop's first order, once it has come through both services."""
    line = {"product_code": "P", "quantity": 1, "list_minor": 10_000, "paid_minor": 10_000}
    event = {"event_id": "e", "source": "jd", "event_time": "2026-01-01T00:00:00Z",
             "event": {"identifiers": [{"namespace": "jd_pin", "value": "ann"}],
                       "order_paid": {"order_id": "o", "lines": [line]}}}
    deployment.client.call("oneid", "IntakeService/PublishEvent", brand_id=retail.BRAND, event=event)
    return awaited(lambda: dsn.run(deployment.backends.admin_dsn, "SELECT customer_id FROM membership.member").strip())
