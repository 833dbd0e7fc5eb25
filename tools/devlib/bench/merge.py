"""The rows of merges: what one costs between customers with a long past, against customers with a short one."""

from . import ledger
from .report import Goal, Row, compared
from .rounds import interleave
from .world import World

_PAIRS, _LONG_PAST, _SHORT_PAST = 11, 100_000, 10


def merge_cost(world: World) -> list[Row]:
    members = 2 * _PAIRS
    pasts = {"short": _SHORT_PAST, "long": world.scale.of(_LONG_PAST)}
    rows = []
    for service in ("oneid", "membership"):
        for name, facts in pasts.items():
            database = f"merge_{service}_{name}"
            _prepare(world, service, database, members, facts)

        def run(name: str, service: str = service) -> float:
            source = f"merge_{service}_{name}"
            database = world.copied("merge_round", source)
            return world.round(f"merge-{service}", database, service=service, members=members)["latency_p50_ms"]

        figures = interleave(world.scale.rounds, short=lambda _: run("short"), long=lambda _: run("long"))
        rows.append(compared(f"merge_cost_{service}", "ms", figures["short"], figures["long"], Goal(at_most=1.2),
                             facts=pasts, naive_is="ours with a short past"))
    return rows


def _prepare(world: World, service: str, database: str, members: int, facts: int) -> None:
    if service == "oneid":
        world.round("merge-prepare", world.migrated(database, service), service=service, members=members, rows=facts)
    else:
        world.round("ledger-seed", world.copied(database, ledger.template(world, members)), rows=facts * members)
