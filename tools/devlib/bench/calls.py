"""Rows of single gRPC calls: the real service against one query, or one transaction, for each call on a pool."""

import contextlib
import json
import os
import subprocess
from typing import Iterator

from .. import certs, processes, secrets
from ..deployment import Deployment
from ..paths import BENCH
from . import ledger
from .report import Goal, Row, compared, measured
from .rounds import interleave
from .world import PROGRAM, World, flags

_POOL = 8
_MEMBERS, _WARM_UP = 20_000, 1_000
_READS, _WRITES, _NAIVE_WRITES = 40_000, 30_000, 6_000
_CHANNELS = (1, 2, 4)
_ROLES = ["membership.reader", "membership.writer", "testing.reader"]


def grpc_read(world: World) -> list[Row]:
    source = ledger.template(world, _MEMBERS)
    database = world.copied("calls_read", source)
    rows = []
    with _naive_server(world, database) as naive, _service(world, database) as ours:
        for channels in _CHANNELS:
            suffix = "" if channels == 1 else f"_{channels}_channels"
            rows += _reads(world, database, naive, ours, suffix, channels=channels)
    tls = certs.make(BENCH)
    with _naive_server(world, database, tls=tls) as naive, _service(world, database, mtls=True) as ours:
        rows += _reads(world, database, naive, ours, "_mtls", tls=tls)
    return rows


def _reads(world: World, database: str, naive: str, ours: str, suffix: str, **how: object) -> list[Row]:
    """The rows of one way to connect: against the naive service, against the echo, and the time of the slowest."""
    results: dict[str, list[dict]] = {"naive": [], "ours": [], "echo": []}

    def side(name: str, target: str, call: str):
        def measure(number: int) -> float:
            results[name].append(_load(world, database, target, call, _READS, number, **how))
            return _rate(results[name][-1])
        return measure

    figures = interleave(world.scale.rounds, naive=side("naive", naive, "read"), ours=side("ours", ours, "read"),
                         echo=side("echo", naive, "echo"))
    return [compared(f"grpc_read{suffix}", "calls/s", figures["naive"], figures["ours"], Goal(at_least=1.5)),
            compared(f"grpc_read_of_echo{suffix}", "calls/s", figures["echo"], figures["ours"],
                     naive_is="an empty echo on the same server; 0.6 is hoped for"),
            measured(f"grpc_read_p99{suffix}", "ms", [one["latency_p99_ms"] for one in results["ours"]],
                     naive_p99_ms=[one["latency_p99_ms"] for one in results["naive"]])]


def grpc_write(world: World) -> list[Row]:
    source = ledger.template(world, _MEMBERS)
    databases = {name: world.copied(f"calls_write_{name}", source) for name in ("naive", "ours")}
    with _naive_server(world, databases["naive"]) as naive, _service(world, databases["ours"]) as ours:
        figures = interleave(
            world.scale.rounds,
            naive=lambda number: _rate(_load(world, databases["naive"], naive, "write", _NAIVE_WRITES, number)),
            ours=lambda number: _rate(_load(world, databases["ours"], ours, "write", _WRITES, number)))
    return [compared("grpc_write", "calls/s", figures["naive"], figures["ours"], Goal(at_least=4))]


def _rate(result: dict) -> float:
    return result["operations"] / result["seconds"]


def _load(world: World, database: str, target: str, call: str, operations: int, number: int, **how: object) -> dict:
    return world.round("grpc-load", database, target=target, call=call, members=_MEMBERS, **how,
                       seed=number + 1, warm_up=world.scale.of(_WARM_UP), operations=world.scale.of(operations),
                       env={"TESSERA_BENCH_TOKEN": secrets.token(BENCH, ["*"], _ROLES)})


@contextlib.contextmanager
def _naive_server(world: World, database: str, **how: object) -> Iterator[str]:
    """The naive server's address; it ends when its input does."""
    with processes.log_path(BENCH, "naive-server").open("ab") as log:
        child = subprocess.Popen([str(PROGRAM), "grpc-serve-naive", f"--connections={_POOL}", *flags(how)],
                                 env={**os.environ, **world.environment(database, "membership")},
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        yield f"127.0.0.1:{json.loads(child.stdout.readline())['port']}"
    finally:
        child.stdin.close()
        child.wait(timeout=30)
        child.stdout.close()


@contextlib.contextmanager
def _service(world: World, database: str, mtls: bool = False) -> Iterator[str]:
    """The address of a real membership that works on this database."""
    deployment = Deployment(BENCH, world.backends(database, topic_prefix=database), ["membership"])
    deployment.start(1, mtls=mtls)
    try:
        yield deployment.address("membership-1")
    finally:
        deployment.stop()
