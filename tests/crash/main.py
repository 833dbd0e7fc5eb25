"""The crash harness: see docs/testing.md, section Crash. Run by `tools/dev crash`."""

import argparse
import contextlib
import json
import random
import sys
import time
from dataclasses import asdict

import tools_path  # noqa: F401
from devlib import paths, secrets, stack
from devlib.errors import DevError

import reached
import report
import setting
import state
import verdict
from call_log import CallLog
from callers import Caller
from channels import Channel
from chaos import Chaos
from cluster import Cluster
from operator_steps import Operator
from people import People
from rpc import Endpoint
from setting import BRAND, Setting
from shop import Shop
from tills import Till
from violation import Violation
from visitors import Visits

_ACCOUNTS, _QUIET = 66, 6
_CALLERS = (Till, Till, Till, Till, Channel, Channel, Visits)
_INSTANCES = 2
_TELL_SECONDS = 5.0
_SETUP_SECONDS = 120.0  # At most.
_DAY_BEGINS = 0.6  # Of the time.
_TOKEN_SECONDS = 12 * 3600  # Clocks run ahead.
_ROLES = ["membership.writer", "membership.reader", "oneid.writer", "oneid.reader"]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--kills", type=int, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    return parser.parse_args()


def _step(text: str) -> None:
    print(f"== {text}", flush=True)


class Run:
    """One run on one cluster."""

    def __init__(self, cluster: Cluster, args: argparse.Namespace):
        self._cluster = cluster
        self._args = args
        self._folder = cluster.layout.var
        self._chooser = random.Random(args.seed)
        self.cases: list[dict] = []  # What the run had to reach, and whether it did.

    def play(self) -> list[Violation]:
        """Sets up, breaks everything while work goes on, settles, and judges what is left."""
        _step("starting everything, migrations killed before their commit and begun again")
        self._cluster.start(_INSTANCES)
        client = self._cluster.deployment.client
        seconds = self._args.minutes * 60
        day = Setting.after(_SETUP_SECONDS + seconds * _DAY_BEGINS)
        setting.make(client, _ACCOUNTS, _QUIET, day)
        day.begin(seconds * _DAY_BEGINS)
        self._cluster.set_clocks(day.clock_base_seconds)
        (self._folder / "setting.json").write_text(json.dumps(asdict(day)))
        people = People(day)
        with contextlib.closing(CallLog(self._folder / "calls.jsonl")) as log, \
                contextlib.closing(Shop(client, seconds * 0.9, self._folder / "log" / "replay.log")) as shop:
            chaos, broken = self._break(people, log, seconds)
            _step("settling: all instances up, everything read, decided and published")
            operator = Operator(self._cluster.deployment)
            operator.settle(shop.is_published)
            after = state.read(self._cluster.admin_dsn, self._cluster.brokers, BRAND)
            state.write(after, self._folder / "state.json")
            _step("judging")
            violations = [*broken, *verdict.judge(self._folder), *shop.judge(self._cluster.deployment)]
            happened = reached.counts(after, BRAND, log.outcomes, {people.customers[one] for one in people.quiet})
            self.cases = report.cases(chaos, happened, self._args.kills)
            print(report.table(chaos, log.outcomes, happened), flush=True)
            print(f"\n{operator.retried} parked records were tried again", flush=True)
        return violations

    def _break(self, people: People, log: CallLog, seconds: float) -> tuple[Chaos, list[Violation]]:
        """The storm; what ended that should not have, and what should have been harmed and was not."""
        callers = self._callers(people, log)
        chaos = Chaos(self._cluster, self._chooser, self._args.kills, seconds,
                      lambda: max(caller.last_success_seconds for caller in callers if isinstance(caller, Till)))
        _step(f"{len(_CALLERS)} callers and the replay of a shop at work; {len(chaos.plan)} harms and "
              f"{self._args.kills} kills at least in {seconds:.0f} s")
        told = 0.0

        def tell(now: float) -> None:
            nonlocal told
            if now - told >= _TELL_SECONDS:
                told = now
                print(report.progress(now, sum(log.outcomes.values()), chaos), flush=True)

        for caller in callers:
            caller.start()
        chaos.run(tell)
        for caller in callers:
            caller.stop()
        for caller in callers:
            caller.join()
        violations = [Violation("ended by itself", "process", text) for text in chaos.unexpected]
        violations += [Violation("caller broke", caller.name, repr(caller.broken)) for caller in callers if caller.broken]
        return chaos, violations

    def _callers(self, people: People, log: CallLog) -> list[Caller]:
        token = secrets.token(self._cluster.layout, ["*"], _ROLES, ttl_seconds=_TOKEN_SECONDS)
        deployment = self._cluster.deployment
        made = []
        for number, kind in enumerate(_CALLERS):
            endpoints = {service: [Endpoint(deployment.address(one.name), token) for one in deployment.instances
                                   if one.service == service] for service in deployment.names}
            chooser = random.Random(self._chooser.getrandbits(64))
            made.append(kind(f"{kind.__name__.lower()}-{number}", chooser, endpoints, people, log))
        return made


def main() -> int:
    args = _arguments()
    again = f"replay with: tools/dev crash --seed {args.seed} --kills {args.kills} --minutes {args.minutes:g}"
    print(again, flush=True)
    started = time.monotonic()
    with stack.exclusive(paths.CRASH), contextlib.closing(Cluster(paths.CRASH)) as cluster:
        run = Run(cluster, args)
        try:
            violations = run.play()
        except DevError as error:
            violations = [Violation("not finished", "run", str(error))]
    text = report.verdict(violations)
    cases = [*run.cases, {"name": "no violations", "passed": not violations, "output": f"{again}\n{text}"}]
    (paths.CRASH.var / "cases.json").write_text(json.dumps(cases))
    failed = [case for case in cases if not case["passed"]]
    if failed:
        print(f"\nlogs, calls and state are in {paths.relative(paths.CRASH.var)}; {again}")
    print("\n".join(["", *(f"  {'ok    ' if case['passed'] else 'FAILED'}  {case['name']}" for case in cases)]))
    print(f"{time.monotonic() - started:.0f} s\n{text}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
