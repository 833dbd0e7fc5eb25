"""What the callers' members went through, so that a run in which too little happened is not taken for a good one."""

from collections import Counter

import tools_path  # noqa: F401
from tessera.events.v1 import dead_letter_pb2
from tessera.membership.v1 import balance_pb2, events_pb2

from state import State

_REFUSALS = ("FIELD_INVALID", "CURRENCY_UNKNOWN", "CURRENCY_NOT_SPENDABLE", "CUSTOMER_UNKNOWN", "REQUEST_ID_REUSED",
             "INSUFFICIENT_POINTS", "HOLD_UNKNOWN", "HOLD_ENDED", "HOLD_TOO_SMALL", "SPEND_UNKNOWN", "SPEND_TOO_SMALL")
_ENTRIES = ("EARNED", "CLAWED_BACK", "FORGIVEN", "MADE_GOOD", "DEBT_PAID", "SPENT", "RETURNED", "EXPIRED", "ACTIVATED")
WANTED = (*(f"entry {kind}" for kind in _ENTRIES), *(f"refusal {reason}" for reason in _REFUSALS),
          "clawback that became debt", "clawback from pending points", "warning of an expiry", "tier lost at a review",
          "tier of a quiet member lost at a review",
          "dead letter TOO_MANY_PIECES", "dead letter TOO_MUCH_MONEY", "dead letter ORDER_CHANGED", "customers merged")


def counts(state: State, brand: str, outcomes: Counter, quiet: set[str]) -> Counter:
    """How often each thing happened; `outcomes` of attempts by method and outcome, `quiet` customers."""
    kinds = {number: name.removeprefix("ENTRY_KIND_") for name, number in balance_pb2.EntryKind.items()}
    found = Counter(f"entry {kinds[row['kind']]}" for row in state.tables["membership.transfer"])
    for (_, outcome), count in outcomes.items():
        if outcome in _REFUSALS:
            found[f"refusal {outcome}"] += count
    found["customers merged"] = len(state.tables["membership.applied_merge"])
    for event in state.facts("membership", 0):
        if event.brand != brand:
            continue
        name = event.type.split(".")[3]
        if name == "points_expiring":
            found["warning of an expiry"] += 1
        elif name == "tier_changed":
            change = events_pb2.TierChanged.FromString(event.data)
            lost = change.cause == events_pb2.TierChanged.CAUSE_REVIEW and change.to_level < change.from_level
            found["tier lost at a review"] += lost
            found["tier of a quiet member lost at a review"] += lost and change.change.customer_id in quiet
        elif name == "points_clawed_back":
            for one in events_pb2.PointsClawedBack.FromString(event.data).clawbacks:
                found["clawback that became debt"] += one.debt > 0
                found["clawback from pending points"] += one.from_pending > 0
    for event in state.facts("membership", 2):
        letter = dead_letter_pb2.DeadLetter.FromString(event.data)
        if letter.brand_id == brand:
            found[f"dead letter {letter.reason}"] += 1
    return found
