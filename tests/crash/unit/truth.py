"""A small run that is as it must be: one member, an earning, a hold, and a spend that was refused."""

import copy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import tools_path  # noqa: E402,F401
from tessera.events.v1 import customer_event_pb2  # noqa: E402
from tessera.membership.v1 import events_pb2, points_service_pb2  # noqa: E402

import model  # noqa: E402
from call_log import Attempt  # noqa: E402
from people import BRAND  # noqa: E402
from state import Event, Slot, State  # noqa: E402

CUSTOMER, LOT, HOLD = "0000c", "0001a", "0002b"
EARN, KEEP, SPEND = "earn-request", "hold-request", "spend-request"
POINTS = "tessera.membership.v1.PointsService/"
_NOW, _TOMORROW = "2026-03-01 12:00:00+00:00", "2026-03-02 12:00:00+00:00"
_ENROLLED_BY = "fact-of-account-0"


def _balance(available: int, held: int) -> dict:
    return {"currency": "points", "available": available, "held": held, "balance": available + held}


def _change(seq: int, *balances: dict) -> dict:
    return {"brand_id": BRAND, "customer_id": CUSTOMER, "origin_customer_id": CUSTOMER, "member_seq": seq,
            "transaction_id": f"transaction-{seq}", "balances_after": list(balances)}


def _fact(seq: int, name: str, cause: str, message) -> Event:
    return Event(seq, f"id-{seq}", f"com.tessera.membership.{name}.v1", cause, BRAND, CUSTOMER, message.SerializeToString())


def _facts() -> list[Event]:
    award = {"currency": "points", "amount": 50, "lot_id": LOT}
    return [_fact(0, "member_enrolled", _ENROLLED_BY, events_pb2.MemberEnrolled(change=_change(1))),
            _fact(1, "points_earned", EARN,
                  events_pb2.PointsEarned(change=_change(2, _balance(50, 0)), awards=[award])),
            _fact(2, "points_held", KEEP, events_pb2.PointsHeld(
                change=_change(3, _balance(30, 20)), hold_id=HOLD, currency="points", amount=20))]


EARNED = points_service_pb2.EarnPointsResponse(transaction_id="transaction-2", member_seq=2, lot_id=LOT,
                                               balance=_balance(50, 0)).SerializeToString().hex()
HELD = points_service_pb2.HoldPointsResponse(hold_id=HOLD, member_seq=3,
                                             balance=_balance(30, 20)).SerializeToString().hex()


def attempts() -> list[Attempt]:
    """What callers were told."""
    def one(name: str, request_id: str, amount: int, code: str, reason: str, reply: str) -> Attempt:
        request = {"brand_id": BRAND, "request_id": request_id, "customer_id": CUSTOMER, "amount": str(amount)}
        return Attempt(POINTS + name, request_id, request, code, reason, reply, 1.0, 2.0)

    return [one("EarnPoints", EARN, 50, "UNAVAILABLE", "", ""), one("EarnPoints", EARN, 50, "OK", "", EARNED),
            one("HoldPoints", KEEP, 20, "OK", "", HELD),
            one("SpendPoints", SPEND, 500, "FAILED_PRECONDITION", "INSUFFICIENT_POINTS", "")]


def _requests() -> list[dict]:
    return [{"request_id": request_id, "method": POINTS + name, "refused": refused, "answer": answer}
            for request_id, name, refused, answer in ((EARN, "EarnPoints", False, EARNED),
                                                      (KEEP, "HoldPoints", False, HELD), (SPEND, "SpendPoints", True, ""))]


def _tables() -> dict[str, list[dict]]:
    sums = dict.fromkeys(model.MEASURES, 0) | {"available": 30, "held": 20, "earned": 50}
    return {
        "membership.request": _requests(),
        "membership.transfer": [{"transaction_id": "transaction-2", "member_seq": 2, "number": 0, "kind": model.EARNED,
                                 "customer_id": CUSTOMER, "currency": "points", "amount": 50, "lot_id": LOT,
                                 "cause_source": "call", "cause_id": EARN, "posted_time": _NOW}],
        "membership.lot": [{"lot_id": LOT, "customer_id": CUSTOMER, "amount": 50, "remaining": 50, "held": 20,
                            "expired": 0, "state": model.ACTIVE}],
        "membership.hold": [{"hold_id": HOLD, "customer_id": CUSTOMER, "amount": 20, "state": model.OPEN, "captured": 0,
                             "refunded": 0, "part_lot_ids": [LOT], "part_amounts": [20], "end_time": _TOMORROW}],
        "membership.member": [{"customer_id": CUSTOMER, "root_id": CUSTOMER, "member_seq": 3, "tier_level": 1}],
        "membership.own_account": [{"customer_id": CUSTOMER, "currency": "points", **sums}],
        "membership.applied_merge": [],
        "oneid.channel_event": [{"event_id": "account-0", "source": "till", "brand_id": BRAND}],
        "oneid.customer": [{"customer_id": CUSTOMER, "root_id": CUSTOMER, "anonymous": False}],
        "oneid.merge": []}


def state() -> State:
    """A new one each time, to be falsified."""
    facts = _facts()
    known = Event(0, _ENROLLED_BY, "com.tessera.oneid.customer_identified.v1", "account-0", BRAND, CUSTOMER,
                  customer_event_pb2.CustomerEvent(source_event_id="account-0").SerializeToString())
    return State(_tables(), [Slot("membership", 0, 0, 3, 3, facts, copy.deepcopy(facts)),
                             Slot("oneid", 0, 0, 1, 1, [known], copy.deepcopy([known]))])
