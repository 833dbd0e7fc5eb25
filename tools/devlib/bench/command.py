"""`tools/dev bench`: builds, runs the rows that are wanted, prints the table and writes the result."""

import argparse
import datetime
import os
import platform
import sys
import time
from typing import Callable

from .. import build, install
from ..errors import DevError
from ..paths import BENCH, PRESET, ROOT, relative
from . import calls, flat, flow, ledger, merge, relay, report, resolve, world
from .report import Row
from .world import World

ROWS: dict[str, Callable[[World], list[Row]]] = {
    "ledger_batch": ledger.ledger_batch,
    "hot_members": ledger.hot_members,
    "resolve_known": resolve.resolve_known,
    "resolve_new": resolve.resolve_new,
    "end_to_end": flow.end_to_end,
    "relay": relay.relay,
    "grpc_read": calls.grpc_read,
    "grpc_write": calls.grpc_write,
    "flat": flat.flat,
    "latency": flow.latency,
    "merge_cost": merge.merge_cost,
}
_TARGETS = ["tessera_bench", "tessera-oneid", "tessera-membership", "tessera"]


def run(args: argparse.Namespace) -> int:
    """The exit code is 0 if everything could be measured, whatever the figures."""
    if "TESSERA_PRESET" not in os.environ:  # What is measured is built as it is deployed; paths are those of a preset.
        os.execve(sys.executable, [sys.executable, str(ROOT / "tools" / "devlib"), *sys.argv[1:]],
                  {**os.environ, "TESSERA_PRESET": "release"})
    names = args.only or list(ROWS)
    scale = world.QUICK if args.quick else world.LONG if args.long else world.FULL
    install.install_all()
    build.build(targets=_TARGETS)
    started = time.monotonic()
    rows: list[Row] = []
    with world.running(scale) as ready:
        for name in names:
            print(f"== {name}", flush=True)
            rows += ROWS[name](ready)
    path = BENCH.var / ("quick.json" if args.quick else "results.json")
    report.save(path, _about(time.monotonic() - started), rows)
    print(report.table(rows))
    _conclude(rows, judged=not args.quick)
    print(f"{len(rows)} rows in {time.monotonic() - started:.0f} s; written to {relative(path)}")
    return 0


def check_names(names: list[str] | None) -> None:
    """A DevError that lists the rows there are, if one of the names is none."""
    unknown = [name for name in names or [] if name not in ROWS]
    if unknown:
        raise DevError(f"there is no row {unknown[0]!r}; there are: {', '.join(ROWS)}")


def _about(seconds: float) -> dict:
    """On what the figures were taken: they hold for one machine and one run."""
    return {"time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "cores": os.cpu_count(), "machine": platform.machine(), "preset": PRESET, "seconds": round(seconds)}


def _conclude(rows: list[Row], judged: bool) -> None:
    short = [row.name for row in rows if row.falls_short]
    if not judged:
        print("a quick run shows that the benchmarks work; its figures say nothing")
    elif short:
        print(f"short of the goal: {', '.join(short)}")
    else:
        print("every goal is met")
