"""Rows of membership's ledger: EarnPoints by the service's writers against a transaction for each."""

from ..errors import DevError
from ..paths import ROOT
from .report import Goal, Row, compared
from .rounds import BestOf, interleave
from .world import World

_PROGRAM = ROOT / "services" / "membership" / "programs" / "pet.json"
_CONNECTIONS = (2, 4, 6, 8)
# A naive round takes as long as ours with a part of the operations.
_OURS, _NAIVE, _WARM_UP = 60_000, 8_000, 2_000
_MANY, _FEW = 20_000, 10

# What must be the same in both databases after the same requests, ids and times apart.
_DIGEST = """
SELECT (SELECT count(*) FROM request), (SELECT sum(length(input_hash) + length(answer)) FROM request),
       (SELECT count(*) FROM lot), (SELECT sum(amount + remaining) FROM lot), (SELECT min(lot_id::text) FROM lot),
       (SELECT count(*) FROM transfer), (SELECT sum(amount) FROM transfer), (SELECT sum(member_seq) FROM transfer),
       (SELECT sum(member_seq) FROM member), (SELECT sum(tier_level) FROM member),
       (SELECT sum(s * i) FROM member, unnest(own_sums) WITH ORDINALITY AS u(s, i)),
       (SELECT sum(event_count) FROM outbox), (SELECT sum(next_seq) FROM slot)
"""


def template(world: World, members: int) -> str:
    """A database with a brand, its program and enrolled members."""
    name = world.migrated(f"ledger_{members}", "membership")
    world.round("ledger-prepare", name, members=members, program=_PROGRAM)
    return name


def ledger_batch(world: World) -> list[Row]:
    return _compare(world, "ledger_batch", _MANY, Goal(at_least=7, stretch=10))


def hot_members(world: World) -> list[Row]:
    return _compare(world, "hot_members", _FEW, Goal(at_least=12, stretch=20))


def _compare(world: World, name: str, members: int, goal: Goal) -> list[Row]:
    source = template(world, members)
    _require_same_rows(world, source, members)

    def run(side: str, number: int, operations: int, connections: int = 1) -> float:
        database = world.copied("ledger_round", source)
        return world.rate(f"ledger-{side}", database, members=members, seed=number + 1, connections=connections,
                          warm_up=world.scale.of(_WARM_UP), operations=world.scale.of(operations))

    naive, least = (BestOf(_CONNECTIONS if world.scale.share == 1 else (4,),
                           lambda number, connections, side=side: run(side, number, _NAIVE, connections))
                    for side in ("naive", "least"))
    figures = interleave(world.scale.rounds, naive=naive, ours=lambda number: run("ours", number, _OURS), least=least)
    return [compared(name, "events/s", figures["naive"], figures["ours"], goal, connections=naive.best),
            compared(f"{name}_least", "events/s", figures["least"], figures["ours"], connections=least.best)]


def _require_same_rows(world: World, source: str, members: int) -> None:
    """Naive is only a baseline if it writes what ours writes."""
    digests = {}
    for side in ("naive", "ours"):
        database = world.copied(f"ledger_{side}", source)
        # One connection: how long the answers are depends on the order of a member's calls.
        world.round(f"ledger-{side}", database, members=members, seed=1, connections=1, warm_up=0, operations=1_000)
        digests[side] = world.sql(database, "membership", _DIGEST)
    if digests["naive"] != digests["ours"]:
        raise DevError("both sides were asked the same, but their rows differ:\n"
                       f"  naive {digests['naive']}\n  ours  {digests['ours']}")
