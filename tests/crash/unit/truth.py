"""A small run that is as it must be: one member, an earning, a hold, a spend that was refused, and an order of which
half came back."""

import copy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import tools_path  # noqa: E402,F401
from tessera.events.v1 import customer_event_pb2  # noqa: E402
from tessera.membership.v1 import events_pb2, points_service_pb2  # noqa: E402

import model  # noqa: E402
from call_log import Attempt  # noqa: E402
from setting import BRAND, Setting  # noqa: E402
from state import Event, Slot, State  # noqa: E402

CUSTOMER, LOT, HOLD, LOT_OF_ORDER, BONUS = "0000c", "0001a", "0002b", "0003c", "0004d"
EARN, KEEP, SPEND, ORDER, REFUND = "earn-request", "hold-request", "spend-request", "order-1", "refund-1"
POINTS = "tessera.membership.v1.PointsService/"
INTAKE = "tessera.oneid.v1.IntakeService/PublishEvent"
_NOW, _TOMORROW = "2026-03-01 12:00:00+00:00", "2026-03-02 12:00:00+00:00"
NOW_SECONDS = 1772366400
DAY_SECONDS = 86400
_ENROLLED_BY = "fact-of-account-0"
SETTING = Setting("Etc/GMT", "2026-03-02T00:00:00+00:00", 0.0, [CUSTOMER], ["2025-07-01"])


def _balance(available: int, held: int, pending: int = 0, currency: str = "points") -> dict:
    return {"currency": currency, "available": available, "held": held, "pending": pending,
            "balance": available + held + pending}


def _change(seq: int, *balances: dict) -> dict:
    return {"brand_id": BRAND, "customer_id": CUSTOMER, "origin_customer_id": CUSTOMER, "member_seq": seq,
            "transaction_id": f"transaction-{seq}", "balances_after": list(balances)}


def _fact(seq: int, name: str, cause: str, message) -> Event:
    return Event(seq, f"id-{seq}", f"com.tessera.membership.{name}.v1", cause, BRAND, CUSTOMER, message.SerializeToString(),
                 NOW_SECONDS * 1_000_000)


def _facts() -> list[Event]:
    award = {"currency": "points", "amount": 50, "lot_id": LOT}
    return [_fact(0, "member_enrolled", _ENROLLED_BY, events_pb2.MemberEnrolled(change=_change(1))),
            _fact(1, "points_earned", EARN,
                  events_pb2.PointsEarned(change=_change(2, _balance(50, 0)), awards=[award])),
            _fact(2, "points_held", KEEP, events_pb2.PointsHeld(
                change=_change(3, _balance(30, 20)), hold_id=HOLD, currency="points", amount=20)),
            _fact(3, "points_earned", f"fact-of-{ORDER}", events_pb2.PointsEarned(
                change=_change(4, _balance(40, 20, 4), _balance(20, 0, currency="growth")),
                awards=[{"rule_id": "order_points", "currency": "points", "amount": 10, "lot_id": LOT_OF_ORDER},
                        {"rule_id": "order_growth", "currency": "growth", "amount": 20},
                        {"rule_id": "order_bonus", "currency": "points", "amount": 4, "lot_id": BONUS}])),
            _fact(4, "points_clawed_back", f"fact-of-{REFUND}", events_pb2.PointsClawedBack(
                change=_change(5, _balance(35, 20, 2), _balance(10, 0, currency="growth")),
                clawbacks=[{"rule_id": "order_points", "currency": "points", "amount": 5, "from_available": 5},
                           {"rule_id": "order_growth", "currency": "growth", "amount": 10, "from_available": 10},
                           {"rule_id": "order_bonus", "currency": "points", "amount": 2, "from_pending": 2}]))]


EARNED = points_service_pb2.EarnPointsResponse(transaction_id="transaction-2", member_seq=2, lot_id=LOT,
                                               balance=_balance(50, 0)).SerializeToString().hex()
HELD = points_service_pb2.HoldPointsResponse(hold_id=HOLD, member_seq=3,
                                             balance=_balance(30, 20)).SerializeToString().hex()


def attempts() -> list[Attempt]:
    """What callers were told."""
    def one(name: str, request_id: str, amount: int, code: str, reason: str, reply: str) -> Attempt:
        request = {"brand_id": BRAND, "request_id": request_id, "customer_id": CUSTOMER, "amount": str(amount)}
        return Attempt(POINTS + name, request_id, request, code, reason, reply, NOW_SECONDS, NOW_SECONDS + 1)

    def event(event_id: str, **payload: dict) -> Attempt:
        request = {"brand_id": BRAND, "event": {"event_id": event_id, "source": "till", "event_time": _NOW,
                                                "event": {"identifiers": [], **payload}}}
        return Attempt(INTAKE, event_id, request, "OK", "", "", NOW_SECONDS, NOW_SECONDS + 1)

    line = {"product_code": "p", "quantity": "2", "list_minor": "2000", "paid_minor": "2000"}
    return [one("EarnPoints", EARN, 50, "UNAVAILABLE", "", ""), one("EarnPoints", EARN, 50, "OK", "", EARNED),
            one("HoldPoints", KEEP, 20, "OK", "", HELD),
            one("SpendPoints", SPEND, 500, "FAILED_PRECONDITION", "INSUFFICIENT_POINTS", ""),
            event(ORDER, order_paid={"order_id": "o", "lines": [line]}),
            event(REFUND, order_refunded={"order_id": "o", "refund_id": "r", "lines": [{"line": 0, "pieces": "1"}]})]


def _requests() -> list[dict]:
    return [{"request_id": request_id, "method": POINTS + name, "refused": refused, "answer": answer}
            for request_id, name, refused, answer in ((EARN, "EarnPoints", False, EARNED),
                                                      (KEEP, "HoldPoints", False, HELD), (SPEND, "SpendPoints", True, ""))]


def _transfer(seq: int, number: int, kind: int, currency: str, amount: int, lot: str, cause: str) -> dict:
    return {"transaction_id": f"transaction-{seq}", "member_seq": seq, "number": number, "kind": kind,
            "customer_id": CUSTOMER, "currency": currency, "amount": amount, "lot_id": lot, "cause_source": "call",
            "cause_id": cause, "posted_time": _NOW}


def _lot(lot: str, amount: int, remaining: int, held: int, state: int) -> dict:
    return {"lot_id": lot, "customer_id": CUSTOMER, "amount": amount, "remaining": remaining, "held": held, "expired": 0,
            "forgiven": 0, "warned": False, "state": state}


def _tables() -> dict[str, list[dict]]:
    points = dict.fromkeys(model.MEASURES, 0) | {"available": 35, "pending": 2, "held": 20, "earned": 64,
                                                 "clawed_back": 7}
    growth = dict.fromkeys(model.MEASURES, 0) | {"available": 10, "earned": 20, "clawed_back": 10}
    return {
        "membership.request": _requests(),
        "membership.transfer": [
            _transfer(2, 0, model.EARNED, "points", 50, LOT, EARN),
            _transfer(4, 0, model.EARNED, "points", 10, LOT_OF_ORDER, ORDER),
            _transfer(4, 1, model.EARNED, "growth", 20, "", ORDER),
            _transfer(4, 2, model.EARNED, "points", 4, BONUS, ORDER),
            _transfer(5, 0, model.CLAWED_BACK, "points", 5, LOT_OF_ORDER, REFUND),
            _transfer(5, 1, model.CLAWED_BACK, "growth", 10, "", REFUND),
            _transfer(5, 2, model.CLAWED_BACK, "points", 2, BONUS, REFUND)],
        "membership.lot": [_lot(LOT, 50, 50, 20, model.ACTIVE), _lot(LOT_OF_ORDER, 10, 5, 0, model.ACTIVE),
                           _lot(BONUS, 4, 2, 0, model.PENDING)],
        "membership.hold": [{"hold_id": HOLD, "customer_id": CUSTOMER, "amount": 20, "state": model.OPEN, "captured": 0,
                             "refunded": 0, "part_lot_ids": [LOT], "part_amounts": [20], "end_time": _TOMORROW}],
        "membership.member": [{"customer_id": CUSTOMER, "root_id": CUSTOMER, "member_seq": 5, "tier_level": 1,
                               "tier_due_time": "2026-07-01 00:00:00+00:00"}],
        "membership.own_account": [{"customer_id": CUSTOMER, "currency": "points", **points},
                                   {"customer_id": CUSTOMER, "currency": "growth", **growth}],
        "membership.shop_order": [{"order_id": "o", "customer_id": CUSTOMER, "back": [1, 0],
                                   "awards": [1, 1, 10, 5, 0, 0, 1, 0, 2, 2, 20, 10, 0, 0, 0, 0, 3, 1, 4, 2, 0, 0, 1, 0]}],
        "membership.applied_merge": [],
        "oneid.channel_event": [{"event_id": one, "source": "till", "brand_id": BRAND}
                                for one in ("account-0", ORDER, REFUND)],
        "oneid.customer": [{"customer_id": CUSTOMER, "root_id": CUSTOMER, "anonymous": False}],
        "oneid.merge": []}


def state() -> State:
    """A new one each time, to be falsified."""
    facts = _facts()
    known = [Event(place, f"fact-of-{one}", "com.tessera.oneid.customer_identified.v1", one, BRAND, CUSTOMER,
                   customer_event_pb2.CustomerEvent(source_event_id=one).SerializeToString(), 0)
             for place, one in enumerate(("account-0", ORDER, REFUND))]
    return State(_tables(), [Slot("membership", 0, 0, 5, 5, facts, copy.deepcopy(facts)),
                             Slot("oneid", 0, 0, 3, 3, known, copy.deepcopy(known))], NOW_SECONDS + 1)
