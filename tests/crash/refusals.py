"""Whether refusals of calls were right: at some state that the member may have been in while the call was under way."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Iterator

import model
from call_log import OK, Call
from model import Member
from rpc import kept_reason
from schedule import CLOCK_STEPS_SECONDS
from state import State
from violation import Violation

INTAKE = "PublishEvent"
_STRANGER = "CUSTOMER_UNKNOWN"


def reason_of(member: Member, method: str, request: dict) -> str:
    """Why the rules refuse a call of a known customer now; "" if they do not."""
    mistake = _mistake_in(request)
    if mistake:
        return mistake
    if method in ("HoldPoints", "SpendPoints"):
        if request.get("currency") == "growth":
            return "CURRENCY_NOT_SPENDABLE"
        return "INSUFFICIENT_POINTS" if member.total("points", "available") < int(request["amount"]) else ""
    if method in ("CaptureHold", "ReleaseHold"):
        return _of_hold(member.holds.get(request["hold_id"]), int(request.get("amount", 0)))
    if method == "RefundSpend":
        return _of_spend(member.holds.get(request["spend_id"]), int(request.get("amount", 0)))
    return ""


def _mistake_in(request: dict) -> str:
    """What is wrong whatever the member has."""
    takes_all = "hold_id" in request or "spend_id" in request
    if "amount" in request and int(request["amount"]) < (0 if takes_all else 1):
        return "FIELD_INVALID"
    return "CURRENCY_UNKNOWN" if request.get("currency", "points") not in ("points", "growth") else ""


def _of_hold(hold: model.Hold | None, amount: int) -> str:
    if hold is None:
        return "HOLD_UNKNOWN"
    if hold.state != model.OPEN:
        return "HOLD_ENDED"
    return "HOLD_TOO_SMALL" if amount > hold.amount else ""


def _of_spend(spend: model.Hold | None, amount: int) -> str:
    if spend is None or spend.captured == 0:
        return "SPEND_UNKNOWN"
    left = spend.captured - spend.refunded
    return "SPEND_TOO_SMALL" if left == 0 or amount > left else ""


def span_of(call: Call) -> tuple[float, float]:
    """Between which moments it was decided: the first attempt, and the first answer, if there was one."""
    own = [attempt.start_seconds for attempt in call.attempts if not attempt.expects]
    return min(own, default=0.0), min((answer.end_seconds for answer in call.answers), default=float("inf"))


@dataclass
class _Refusal:
    call: Call
    reason: str
    start: float
    end: float
    is_right: bool = False


class Refusals:
    """All refusals of calls, told or kept. The replay shows it each state of each member, in order."""

    def __init__(self, calls: list[Call], state: State, clock_base_seconds: float):
        self._base = clock_base_seconds
        kept = {(row["request_id"], row["method"]): row["answer"] for row in state.tables["membership.request"]
                if row["refused"]}
        self._of_side: defaultdict[str, list[_Refusal]] = defaultdict(list)
        for call in calls:
            if call.method.endswith(INTAKE):
                continue
            refusal = kept.get((call.request_id, call.method))
            if call.answers and call.answers[0].code != OK:
                self._note(call, call.answers[0].reason, *span_of(call))
            elif not call.answers and refusal is not None:
                self._note(call, kept_reason(bytes.fromhex(refusal)), span_of(call)[0], state.taken_seconds)

    def _note(self, call: Call, reason: str, start: float, end: float) -> None:
        self._of_side[call.request["customer_id"]].append(_Refusal(call, reason, start, end))

    def see(self, member: Member, began: float, next_ended: float) -> None:
        """A state of a member: no step that led to it began before `began` did, and none after it ended before
        `next_ended`."""
        for side in member.sides:
            for one in self._of_side.get(side, ()):
                if not one.is_right and began <= one.end and next_ended >= one.start:
                    one.is_right = self._is_right(member, one)

    def _is_right(self, member: Member, one: _Refusal) -> bool:
        method = one.call.method.rpartition("/")[2]
        dues = _dues(member)
        for now in self._times(dues, one):
            seen = member
            if dues and dues[0] <= now:
                seen = member.copy()
                seen.catch_up(now)
            if one.reason and reason_of(seen, method, one.call.request) == one.reason:
                return True
        return False

    def _times(self, dues: list[datetime], one: _Refusal) -> Iterator[datetime]:
        """The clock of the instance that refused: at the start, and whenever something was due in between."""
        seen = set()
        for step in CLOCK_STEPS_SECONDS:
            off = timedelta(seconds=self._base + step)
            start, end = (datetime.fromtimestamp(at, timezone.utc) + off for at in (one.start, one.end))
            for now in [start, *(due for due in dues if start < due <= end)]:
                passed = sum(due <= now for due in dues)
                if passed not in seen:
                    seen.add(passed)
                    yield now

    def audit(self, customers: set[str]) -> Iterator[Violation]:
        """After the replay. Who is no customer of the accounts is unknown, and nobody else is."""
        for side, refusals in self._of_side.items():
            for one in refusals:
                if (one.reason == _STRANGER) == (side in customers) or (side in customers and not one.is_right):
                    yield Violation("wrong refusal", f"{one.call.method} {one.call.request_id}",
                                    f"{one.reason} for {one.call.request}; no state in that time refuses it so")


def _dues(member: Member) -> list[datetime]:
    """When time changes what a member has."""
    holds = [hold.end for hold in member.holds.values() if hold.state == model.OPEN]
    pending = [at for lot in member.lots.values() if lot.state == model.PENDING for at in (lot.activation, lot.expiry)]
    active = [lot.expiry for lot in member.lots.values() if lot.state == model.ACTIVE]
    return sorted(holds + pending + active)
