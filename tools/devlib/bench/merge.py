"""The rows of merges: what one costs between customers with a long past, against customers with a short one."""

from . import ledger
from .report import Goal, Row, compared
from .world import World

_PAIRS, _LONG_PAST, _SHORT_PAST = 21, 100_000, 10  # pairs of each kind, the first of which is not counted


def merge_cost(world: World) -> list[Row]:
    pasts = {"short": _SHORT_PAST, "long": world.scale.of(_LONG_PAST)}
    rows = []
    for service in ("oneid", "membership"):
        source = _prepared(world, service, pasts)
        figures: dict[str, list[float]] = {name: [] for name in pasts}
        for _ in range(world.scale.rounds):
            # Both kinds are merged in turn within a round, in the same tables.
            database = world.copied("merge_round", source)
            result = world.round(f"merge-{service}", database, service=service, pairs=_PAIRS)
            for name, of_rounds in figures.items():
                of_rounds.append(result[f"{name}_p50_ms"])
            print(f"    {service}: {figures['short'][-1]:.2f} and {figures['long'][-1]:.2f} ms", flush=True)
        rows.append(compared(f"merge_cost_{service}", "ms", figures["short"], figures["long"], Goal(at_most=1.2),
                             facts=pasts, merges_of_each_round=2 * (_PAIRS - 1), naive_is="ours with a short past"))
    return rows


def _prepared(world: World, service: str, pasts: dict[str, int]) -> str:
    """A database in which the first half of the customers has the long past."""
    database = f"merge_{service}"
    if service == "oneid":
        world.round("merge-prepare", world.migrated(database, service), service=service, pairs=_PAIRS,
                    long_past=pasts["long"], short_past=pasts["short"])
        return database
    members = 4 * _PAIRS
    world.copied(database, ledger.template(world, members))
    world.round("ledger-seed", database, rows=pasts["short"] * members, members=members)
    world.round("ledger-seed", database, rows=(pasts["long"] - pasts["short"]) * members // 2, members=members // 2)
    return database
