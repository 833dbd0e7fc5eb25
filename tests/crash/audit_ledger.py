"""The replayed members against the rows: sides, roots, counters, tiers, sums, lots, holds."""

from typing import Iterator

import model
from call_log import Call
from model import Member
from replay import Replay
from state import State
from violation import Violation


def audit(calls: list[Call], state: State, brand: str) -> list[Violation]:
    replay = Replay(calls, state, brand)
    violations = list(replay.violations)
    rows = state.tables
    for check in (_members, _sums, _lots, _holds):
        violations += check(list(replay.members.values()), rows)
    return violations


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
    yield from _differences("other counter or tier", {member.root: (member.seq, member.level) for member in members},
                            {row["customer_id"]: (row["member_seq"], row["tier_level"]) for row in living})


def _sums(members: list[Member], tables: dict[str, list[dict]]) -> Iterator[Violation]:
    expected = {key: tuple(sums.values()) for member in members for key, sums in member.sums.items()
                if any(sums.values())}
    found = {(row["customer_id"], row["currency"]): tuple(row[measure] for measure in model.MEASURES)
             for row in tables["membership.own_account"]}
    yield from _differences("other sums", expected, {key: sums for key, sums in found.items() if any(sums)})


def _lots(members: list[Member], tables: dict[str, list[dict]]) -> Iterator[Violation]:
    expected = {lot.lot_id: (lot.side, lot.amount, lot.remaining, lot.held, lot.expired, lot.state)
                for member in members for lot in member.lots.values()}
    yield from _differences("other lot", expected, {
        row["lot_id"]: (row["customer_id"], row["amount"], row["remaining"], row["held"], row["expired"], row["state"])
        for row in tables["membership.lot"]})


def _holds(members: list[Member], tables: dict[str, list[dict]]) -> Iterator[Violation]:
    expected = {hold.hold_id: (hold.side, hold.amount, hold.state, hold.captured, hold.refunded,
                               [(lot.lot_id, part) for lot, part in hold.parts])
                for member in members for hold in member.holds.values()}
    yield from _differences("other hold", expected, {
        row["hold_id"]: (row["customer_id"], row["amount"], row["state"], row["captured"], row["refunded"],
                         list(zip(row["part_lot_ids"], row["part_amounts"])))
        for row in tables["membership.hold"]})
