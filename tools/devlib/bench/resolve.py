"""Rows of oneid: channel events resolved by the service's writers against a transaction for each."""

from ..errors import DevError
from .report import Goal, Row, compared
from .rounds import BestOf, interleave
from .world import World

_CONNECTIONS = (2, 4, 8)
_OURS, _NAIVE, _WARM_UP = 40_000, 8_000, 2_000
_CUSTOMERS = 20_000

# What must be the same in both databases after the same events, ids and times apart. (Counters of the engine and the
# writers' rows are ours alone: naive is spared them.)
_DIGEST = """
SELECT (SELECT count(*) FROM customer), (SELECT sum(decision_number + cardinality(identifier_ids)) FROM customer),
       (SELECT count(*) FROM identifier), (SELECT sum(length(sealed_value) + decision_number) FROM identifier),
       (SELECT count(*) FROM edge), (SELECT sum(rule_version + decision_number + reason + seq) FROM edge),
       (SELECT count(*) FROM identifier_event), (SELECT sum(length(steps) + decision_number) FROM identifier_event),
       (SELECT count(*) FROM identifier_event WHERE changed_graph), (SELECT count(*) FROM channel_event),
       (SELECT sum(customers) FROM statistic), (SELECT sum(event_count) FROM outbox),
       (SELECT count(*) FROM presentation), (SELECT count(*) FROM activity), (SELECT count(*) FROM dead_letter)
"""


def template(world: World, customers: int) -> str:
    """A database with a brand and its known customers."""
    name = world.migrated("resolve", "oneid")
    world.round("resolve-prepare", name, service="oneid", members=customers)
    return name


def resolve_known(world: World) -> list[Row]:
    return _compare(world, "resolve_known", False, Goal(at_least=6))


def resolve_new(world: World) -> list[Row]:
    return _compare(world, "resolve_new", True, Goal(at_least=5))


def _compare(world: World, name: str, are_new: bool, goal: Goal) -> list[Row]:
    customers = world.scale.of(_CUSTOMERS)
    source = template(world, customers)
    load = {"service": "oneid", "members": customers, "are_new": are_new}
    _require_same_rows(world, source, load)

    def run(side: str, number: int, operations: int, connections: int = 1) -> float:
        database = world.copied("resolve_round", source)
        return world.rate(f"resolve-{side}", database, **load, seed=number + 1, connections=connections,
                          warm_up=world.scale.of(_WARM_UP), operations=world.scale.of(operations))

    naive = BestOf(_CONNECTIONS if world.scale.share == 1 else (4,),
                   lambda number, connections: run("naive", number, _NAIVE, connections))
    figures = interleave(world.scale.rounds, naive=naive, ours=lambda number: run("ours", number, _OURS))
    return [compared(name, "events/s", figures["naive"], figures["ours"], goal, connections=naive.best)]


def _require_same_rows(world: World, source: str, load: dict) -> None:
    """Naive is only a baseline if it writes what ours writes."""
    digests = {}
    for side in ("naive", "ours"):
        database = world.copied(f"resolve_{side}", source)
        world.round(f"resolve-{side}", database, **load, seed=1, connections=4, warm_up=0, operations=1_000)
        digests[side] = world.sql(database, "oneid", _DIGEST)
    if digests["naive"] != digests["ours"]:
        raise DevError("both sides were asked the same, but their rows differ:\n"
                       f"  naive {digests['naive']}\n  ours  {digests['ours']}")
