"""Rows of the relay: the outbox to the broker, against the rate at which the ledger fills it."""

from . import ledger
from .report import Goal, Row, compared
from .rounds import interleave
from .world import World

_EVENTS, _ONE_BY_ONE = 60_000, 2_000
_MEMBERS = 20_000


def relay(world: World) -> list[Row]:
    source = ledger.template(world, _MEMBERS)
    operations = world.scale.of(_EVENTS)

    def fill(number: int) -> float:
        database = world.copied("relay_filled", source)
        return world.rate("ledger-ours", database, members=_MEMBERS, seed=number + 1, warm_up=0, operations=operations)

    def publish(number: int) -> float:
        database = world.copied("relay_round", "relay_filled")
        return world.rate("relay-ours", database, topic_prefix=f"relay-{number}")

    def one_by_one(number: int) -> float:
        return world.rate("relay-naive", "relay_filled", topic_prefix=f"one-by-one-{number}",
                          operations=world.scale.of(_ONE_BY_ONE))

    figures = interleave(world.scale.rounds, ledger=fill, ours=publish, naive=one_by_one)
    return [compared("relay", "events/s", figures["ledger"], figures["ours"], Goal(at_least=4),
                     naive_is="the rate of the ledger's writers in the same run"),
            compared("relay_one_by_one", "events/s", figures["naive"], figures["ours"])]
