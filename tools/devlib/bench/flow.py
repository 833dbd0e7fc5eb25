"""Rows of the whole flow, on real processes: channel events to balances, and how long one takes alone."""

import contextlib
import os
import subprocess
import uuid
from typing import Iterator

from .. import processes, retail, secrets
from ..deployment import Deployment
from ..errors import DevError
from ..paths import BENCH, ROOT
from .report import Goal, Row, compared, measured
from .rounds import BestOf, interleave
from .world import PROGRAM, World

_SERVICES = ["oneid", "membership"]
_BRAND = "bench"
_PROGRAM = ROOT / "tests" / "bench" / "program.json"
_CUSTOMERS, _OURS, _NAIVE, _WARM_UP = 10_000, 60_000, 4_000, 500
_THREADS = (2, 4, 8)  # of each naive service
_SAMPLES = 200
_ROLES = ["oneid.admin", "oneid.writer", "membership.reader", "membership.writer"]


def end_to_end(world: World) -> list[Row]:
    customers = world.scale.of(_CUSTOMERS)
    for side in ("naive", "ours"):
        _prepare(world, side, customers)

    def drive(side: str, number: int, operations: int) -> float:
        world.settle(_database(side))
        return world.rate("flow-load", _database(side), topic_prefix=side, members=customers, seed=number + 1,
                          warm_up=world.scale.of(_WARM_UP), operations=world.scale.of(operations))

    def ours(number: int) -> float:
        with _services(world, "ours"):
            return drive("ours", number, _OURS)

    tries = iter(range(1, 1_000))  # Every try of a round has events of its own.

    def naive(_: int, threads: int) -> float:
        with _naive_services(world, threads):
            return drive("naive", next(tries), _NAIVE)

    best = BestOf(_THREADS if world.scale.share == 1 else (4,), naive)
    figures = interleave(world.scale.rounds, naive=best, ours=ours)
    for side in ("naive", "ours"):
        _require_all_earned(world, side)
    return [compared("end_to_end", "events/s", figures["naive"], figures["ours"], Goal(at_least=5, stretch=10),
                     threads_of_each_naive_service=best.best)]


def latency(world: World) -> list[Row]:
    database = world.migrated("flow_latency", *_SERVICES)
    with _services(world, "latency") as deployment:
        _configure(deployment)
        env = {"TESSERA_BENCH_TOKEN": secrets.token(BENCH, ["*"], _ROLES)}
        rounds = [world.round("latency", database, oneid=deployment.address("oneid-1"),
                              target=deployment.address("membership-1"), seed=number + 1,
                              operations=world.scale.of(_SAMPLES, least=20), env=env)
                  for number in range(world.scale.rounds)]
    return [measured(f"latency_{name}", "ms", [one[f"latency_{name}_ms"] for one in rounds], Goal(at_most=limit))
            for name, limit in (("p50", 60), ("p99", 250))]


def _database(side: str) -> str:
    return f"flow_{side}"


def _require_all_earned(world: World, side: str) -> None:
    """Every event was resolved, and earned its points once."""
    resolved = world.sql(_database(side), "oneid", "SELECT count(*) FROM identifier_event WHERE root_id IS NOT NULL")
    earned = world.sql(_database(side), "membership",
                       "SELECT count(*) FROM transfer JOIN lot USING (customer_id, brand_id, lot_id)")
    if resolved != earned:
        raise DevError(f"of {resolved} events of {side}, {earned} became points")


def _prepare(world: World, side: str, customers: int) -> None:
    """The brand, its program, and customers that are members, by the real services; topics with the side's prefix."""
    database = world.migrated(_database(side), *_SERVICES)
    with _services(world, side) as deployment:
        _configure(deployment)
        world.round("flow-load", database, topic_prefix=side, members=customers, first=True)


def _configure(deployment: Deployment) -> None:
    deployment.client.call("oneid", "AdminService/PutBrandGroup", brand_id=_BRAND, request_id=str(uuid.uuid4()),
                           group_id=_BRAND, brands=[{"brand_id": _BRAND, "time_zone": "UTC", "region": "GB",
                                                     "currency": "GBP"}])
    retail.put_program(deployment.client, _BRAND, _PROGRAM)


@contextlib.contextmanager
def _services(world: World, side: str) -> Iterator[Deployment]:
    deployment = Deployment(BENCH, world.backends(_database(side), topic_prefix=side), _SERVICES)
    deployment.start(1)
    try:
        yield deployment
    finally:
        deployment.stop()


@contextlib.contextmanager
def _naive_services(world: World, threads: int) -> Iterator[None]:
    """Both naive services; they end when their input does."""
    with contextlib.ExitStack() as ending:
        for service in _SERVICES:
            log = ending.enter_context(processes.log_path(BENCH, f"naive-{service}").open("ab"))
            child = subprocess.Popen([str(PROGRAM), f"flow-serve-{service}", "--topic_prefix=naive",
                                      f"--connections={threads}"],
                                     env={**os.environ, **world.environment(_database("naive"), service)},
                                     stdin=subprocess.PIPE, stdout=log, stderr=log)
            ending.callback(_end, child)
        yield


def _end(child: subprocess.Popen) -> None:
    child.stdin.close()
    child.wait(timeout=60)
