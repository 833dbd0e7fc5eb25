"""The crash harness: see docs/testing.md, section Crash. Run by `tools/dev crash`."""

import argparse
import random
import sys
import time

import tools_path  # noqa: F401
from devlib import paths, secrets, stack

import setting
import state
from call_log import CallLog
from callers import Caller
from chaos import Chaos
from cluster import Cluster
from operator_steps import Operator
from people import BRAND, People
from rpc import Endpoint

_ACCOUNTS = 60
_CALLERS = 4
_INSTANCES = 2
_TELL_SECONDS = 5.0
_ROLES = ["membership.writer", "membership.reader", "oneid.writer", "oneid.reader"]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--kills", type=int, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    return parser.parse_args()


def _callers(cluster: Cluster, chooser: random.Random, people: People, log: CallLog) -> list[Caller]:
    token = secrets.token(cluster.layout, ["*"], _ROLES)
    deployment = cluster.deployment
    made = []
    for number in range(_CALLERS):
        endpoints = {service: [Endpoint(deployment.address(one), token) for one in deployment.instances
                               if one.service == service] for service in deployment.names}
        made.append(Caller(f"caller-{number}", random.Random(chooser.getrandbits(64)), endpoints, people, log))
    return made


def _run(cluster: Cluster, args: argparse.Namespace) -> int:
    chooser = random.Random(args.seed)
    cluster.start(_INSTANCES)
    people = People(setting.make(cluster.deployment.client, _ACCOUNTS))
    log = CallLog(cluster.layout.var / "calls.jsonl")
    callers = _callers(cluster, chooser, people, log)
    chaos = Chaos(cluster, chooser, args.kills, args.minutes * 60,
                  lambda: max(caller.last_success_seconds for caller in callers))
    for caller in callers:
        caller.start()
    told = 0.0

    def tell(now: float) -> None:
        nonlocal told
        if now - told >= _TELL_SECONDS:
            told = now
            print(f"  {now:5.0f} s  {sum(log.outcomes.values())} attempts, {chaos.service_kills()} service kills, "
                  f"{dict(chaos.counts)}", flush=True)

    chaos.run(tell)
    for caller in callers:
        caller.stop()
    for caller in callers:
        caller.join()
    log.close()
    Operator(cluster.deployment).settle()
    after = state.read(cluster.admin_dsn, cluster.brokers, BRAND)
    state.write(after, cluster.layout.var / "state.json")
    print(chaos.points, chaos.missing_points(), chaos.unexpected, dict(log.outcomes))
    print([caller.broken for caller in callers])
    return 0


def main() -> int:
    args = _arguments()
    start = time.monotonic()
    with stack.exclusive(paths.CRASH):
        cluster = Cluster(paths.CRASH)
        try:
            return _run(cluster, args)
        finally:
            cluster.stop()
            print(f"{time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
