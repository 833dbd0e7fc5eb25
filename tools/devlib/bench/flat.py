"""The row of growth: the ledger's rate with many rows against that with few."""

from . import ledger
from .report import Goal, Row, compared
from .rounds import interleave
from .world import World

_FEW_ROWS, _MANY_ROWS, _LONG_ROWS = 100_000, 5_000_000, 20_000_000
# A connection has seen the pages that it works on only after a while: until then each one costs a fault of its own.
_OPERATIONS, _WARM_UP, _MEMBERS = 60_000, 60_000, 20_000


def flat(world: World) -> list[Row]:
    source = ledger.template(world, _MEMBERS)
    many = world.scale.of(_LONG_ROWS if world.scale.long else _MANY_ROWS)
    sizes = {"few": world.scale.of(_FEW_ROWS, least=_MEMBERS), "many": many}
    for name, rows in sizes.items():
        database = world.copied(f"flat_{name}", source)
        world.round("ledger-seed", database, rows=rows, members=_MEMBERS)
        world.settle(database)

    # The first change of a page after a checkpoint writes the whole page to the log. Checkpoints come every 15 minutes or
    # 4 GB, a round takes seconds: so there is none between the rounds (dropping a database makes one, too), and a first
    # long one that is not measured changes the pages.
    def run(name: str, number: int, times: int = 1) -> float:
        # The large one takes long to be copied, and a round changes little of it.
        database = f"flat_{name}"
        if name == "few":
            database = world.copied(f"flat_few_{number}", database, checkpoint=False)
        return world.rate("ledger-ours", database, members=_MEMBERS, seed=number + 1,
                          warm_up=world.scale.of(_WARM_UP), operations=times * world.scale.of(_OPERATIONS))

    run("many", world.scale.rounds, times=4)
    figures = interleave(world.scale.rounds, few=lambda number: run("few", number),
                         many=lambda number: run("many", number))
    return [compared("flat", "events/s", figures["few"], figures["many"], Goal(at_least=0.85), rows=sizes,
                     naive_is="ours with few rows")]
