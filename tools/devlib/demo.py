"""`tools/dev demo`: the real shop's year through a fresh private stack, and what came of it."""

import argparse
import sys
import time

from . import build, flow, install, paths, retail, show, stack, story
from .paths import TESSERA_CLI, relative

REPORT = paths.VAR / "demo" / "report.json"
_TARGETS = ["tessera", *(f"tessera-{service}" for service in retail.SERVICES)]


def run(args: argparse.Namespace) -> int:
    """Installs, builds, starts, replays, reports; stops everything unless it is to be kept."""
    install.install_all()
    _step("building what has changed")
    build.build(targets=_TARGETS)
    with stack.exclusive(paths.UP):
        fresh = stack.Stack(paths.UP)
        fresh.require_down()
        with stack.undone_on_failure(paths.UP):
            customer_id, broken = _play(fresh, args)
        if not args.keep:
            _step("stopping everything")
            stack.stop(paths.UP)
    print(_what_next(args.keep, customer_id))
    return 1 if broken else 0


def _play(fresh: stack.Stack, args: argparse.Namespace) -> tuple[str, bool]:
    """The demo itself; the customer of the story, and whether an invariant is broken."""
    _step("starting a private Postgres and a private Kafka")
    stack.remove_data(paths.UP)
    fresh.infrastructure()
    _step(f"starting oneid and membership ({args.instances} of each)")
    deployment = fresh.deployment(retail.SERVICES)
    deployment.start(args.instances, args.mtls)
    retail.set_up(deployment.client)
    _step("replaying a year of a real shop, one event per order, return and account")
    options = [*(["--seed", str(args.seed)] if args.seed is not None else []),
               *(["--anchor", args.anchor.isoformat()] if args.anchor else [])]
    bar = _Bar()
    done = retail.replay(deployment, options, bar.draw, show_bar=sys.stderr.isatty())
    bar.end()
    _step("checking the invariants and asking the services for the figures")
    figures = retail.report(deployment, done)
    retail.write(figures, REPORT)
    told = story.find(deployment.client)
    print(show.report(figures, told), end="")
    print(f"The figures are in {relative(REPORT)}.")
    return told.customer_id if told else "", any(figures["invariants"].values())


def _step(text: str) -> None:
    print(f"== {text}", flush=True)


class _Bar:
    """The share of the events whose effect is in the balances; drawn on a terminal only."""

    def __init__(self):
        self._started = time.monotonic()
        self._is_terminal = sys.stderr.isatty()

    def draw(self, look: dict, sending: bool) -> None:
        channel = flow.read_of(look, "oneid", flow.CHANNEL)
        if not self._is_terminal or sending or not channel["end"]:  # While sending, the sender draws its own.
            return
        fraction = flow.fraction_done(look)
        applied = int(fraction * channel["end"])
        rate = applied / max(time.monotonic() - self._started, 0.001)
        note = f"{show.number(applied)} of {show.number(channel['end'])}  {rate:,.0f}/s"
        print(f"\r\033[K{show.progress_bar('processing', fraction, note)}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._is_terminal:
            print(file=sys.stderr)


def _what_next(kept: bool, customer_id: str) -> str:
    cli = relative(TESSERA_CLI)
    lines = ["", "Try next" + ("" if kept else " (`tools/dev up` starts it again with this data):")]
    commands = [f"{cli} points explain {customer_id}" if customer_id else f"{cli} progress",
                f"{cli} call IdentityService/GetCustomer '{{\"brand_id\": \"{retail.BRAND}\", \"customer_id\": "
                f"\"{customer_id}\"}}'" if customer_id else f"{cli} call",
                f"{cli} dlq list --limit 5"]
    lines += [f"  {command}" for command in commands]
    return "\n".join(lines + ["It is running; `tools/dev down` stops it." if kept else "Everything is stopped."])
