"""The replayed members against the rows: sides, roots, counters, tiers, sums, lots, holds, orders; and nothing late."""

from datetime import datetime, timedelta, timezone
from typing import Iterator

import audit_events
import model
from call_log import Call
from model import Member
from orders import Order
from replay import Replay, time_of
from setting import Setting
from state import State
from violation import Violation

_LATE = timedelta(seconds=30)


def audit(calls: list[Call], state: State, brand: str, setting: Setting) -> list[Violation]:
    replay = Replay(calls, state, brand, setting)
    violations = [*replay.violations, *audit_events.audit(calls, state, replay, brand)]
    rows = state.tables
    members = list(replay.members.values())
    end = datetime.fromtimestamp(state.taken_seconds + setting.clock_base_seconds, timezone.utc) - _LATE
    violations += _late(members, rows, end)
    for check in (_members, _sums, _lots, _holds):
        violations += check(members, rows)
    return violations + list(_orders(replay.orders, rows))


def _differences(rule: str, expected: dict, found: dict) -> Iterator[Violation]:
    """What is on one side only, or is not the same on both."""
    for key in sorted(expected.keys() | found.keys(), key=str):
        if expected.get(key) != found.get(key):
            yield Violation(rule, str(key), f"there is {found.get(key)}, by the rules {expected.get(key)}")


def _members(members: list[Member], tables: dict[str, list[dict]]) -> Iterator[Violation]:
    roots = {side: member.root for member in members for side in member.sides}
    yield from _differences("other root", roots, {row["customer_id"]: row["root_id"]
                                                  for row in tables["membership.member"]})
    living = [row for row in tables["membership.member"] if row["customer_id"] == row["root_id"]]
    expected = {member.root: (member.seq, member.tier.level) for member in members}
    yield from _differences("other counter or tier", expected,
                            {row["customer_id"]: (row["member_seq"], row["tier_level"]) for row in living})


def _sums(members: list[Member], tables: dict[str, list[dict]]) -> Iterator[Violation]:
    expected = {key: tuple(sums.values()) for member in members for key, sums in member.sums.items()
                if any(sums.values())}
    found = {(row["customer_id"], row["currency"]): tuple(row[measure] for measure in model.MEASURES)
             for row in tables["membership.own_account"]}
    yield from _differences("other sums", expected, {key: sums for key, sums in found.items() if any(sums)})


def _lots(members: list[Member], tables: dict[str, list[dict]]) -> Iterator[Violation]:
    expected = {lot.lot_id: (lot.side, lot.amount, lot.remaining, lot.held, lot.expired, lot.forgiven, lot.warned,
                             lot.state)
                for member in members for lot in member.lots.values()}
    yield from _differences("other lot", expected, {
        row["lot_id"]: (row["customer_id"], row["amount"], row["remaining"], row["held"], row["expired"],
                        row["forgiven"], row["warned"], row["state"])
        for row in tables["membership.lot"]})


def _holds(members: list[Member], tables: dict[str, list[dict]]) -> Iterator[Violation]:
    expected = {hold.hold_id: (hold.side, hold.amount, hold.state, hold.captured, hold.refunded,
                               [(lot.lot_id, part) for lot, part in hold.parts])
                for member in members for hold in member.holds.values()}
    yield from _differences("other hold", expected, {
        row["hold_id"]: (row["customer_id"], row["amount"], row["state"], row["captured"], row["refunded"],
                         list(zip(row["part_lot_ids"], row["part_amounts"])))
        for row in tables["membership.hold"]})


def _orders(orders: dict[str, Order], tables: dict[str, list[dict]]) -> Iterator[Violation]:
    expected = {order_id: (order.side, [(award.amount, award.back) for award in order.awards],
                           order.back_pieces + order.back_money) for order_id, order in orders.items()}
    yield from _differences("other order", expected, {
        row["order_id"]: (row["customer_id"], list(zip(row["awards"][2::8], row["awards"][3::8])),
                          row["back"] or [0] * len(expected.get(row["order_id"], ((), (), ()))[2]))
        for row in tables["membership.shop_order"]})


def _late(members: list[Member], tables: dict[str, list[dict]], end: datetime) -> Iterator[Violation]:
    """What was due some time before the end has been done: time passes without calls, too."""
    due_times = {row["customer_id"]: row["tier_due_time"] for row in tables["membership.member"]}
    for member in members:
        member.begin(member.seq)
        member.review(end, False)
        if member.tier.changes:
            yield Violation("review lost", member.root, f"by the rules {member.tier.changes}")
        due = due_times.get(member.root)
        if due is None:
            yield Violation("review lost", member.root, f"none is due, by the rules {member.tier.due}")
        elif time_of(due) <= end:
            yield Violation("review late", member.root, f"due {due}")
        elif member.day_of(time_of(due)) != member.tier.due:
            yield Violation("other review", member.root, f"due {due}, by the rules {member.tier.due}")
        for hold in member.holds.values():
            if hold.state == model.OPEN and hold.end <= end:
                yield Violation("hold not ended", hold.hold_id, f"its time was {hold.end}")
        for lot in member.lots.values():
            yield from _late_of(lot, end)


def _late_of(lot: model.Lot, end: datetime) -> Iterator[Violation]:
    if lot.state == model.PENDING and lot.activation <= end:
        yield Violation("lot not activated", lot.lot_id, f"its time was {lot.activation}")
    if lot.state == model.ACTIVE and lot.free and lot.expiry <= end:
        yield Violation("lot not expired", lot.lot_id, f"its time was {lot.expiry}")
    if lot.state == model.ACTIVE and lot.free and not lot.warned and lot.expiry - model.WARNED_BEFORE <= end:
        yield Violation("warning lost", lot.lot_id, f"it expires at {lot.expiry}")
