"""Channel events that oneid took: each had its effect, had none by the rules, or was refused for the reason that they give."""

from collections import defaultdict
from typing import Iterator

import tools_path  # noqa: F401
from tessera.events.v1 import dead_letter_pb2

import refusals
from call_log import Call
from early_refunds import EarlyRefunds
from replay import Replay
from state import State
from violation import Violation


def audit(calls: list[Call], state: State, replay: Replay, brand: str) -> Iterator[Violation]:
    ids = {row["event_id"] for row in state.tables["oneid.channel_event"]}
    taken = [call for call in calls if call.method.endswith(refusals.INTAKE) and call.request_id in ids]
    refused = _dead_letters(state, replay, brand)
    early = EarlyRefunds(taken, set(refused), state, replay)
    for call in taken:
        refund = call.request["event"]["event"].get("order_refunded")
        if refund and call.request_id in refused and early.had_room(call.request_id, refund):
            yield Violation("refused too early", f"event {call.request_id}", f"{refused[call.request_id]} for {refund}")
        yield from _judge(call, refused.pop(call.request_id, []), replay)
    for event_id, reasons in refused.items():
        yield Violation("wrong dead letter", f"event {event_id}", f"{reasons}")


def _dead_letters(state: State, replay: Replay, brand: str) -> dict[str, list[str]]:
    """Reasons by event; one of oneid keeps the id of its record."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for service in ("oneid", "membership"):
        for event in state.facts(service, 2):
            letter = dead_letter_pb2.DeadLetter.FromString(event.data)
            if letter.brand_id == brand:
                found[replay.source_events.get(letter.event_id, letter.event_id)].append(letter.reason)
    return found


def _judge(call: Call, told: list[str], replay: Replay) -> Iterator[Violation]:
    """All effects of orders have been replayed; what had none is tried once more in the end, when most has come back."""
    payload = call.request["event"]["event"]
    expected: list[str] = []
    if call.request_id not in replay.decided:
        reason = _without_effect(payload, replay)
        if reason is None:
            yield Violation("event without effect", f"event {call.request_id}", f"{payload}")
        elif reason:
            expected = [reason]
    if told != expected:
        yield Violation("wrong dead letter", f"event {call.request_id}", f"told {told}, by the rules {expected}")


def _without_effect(payload: dict, replay: Replay) -> str | None:
    """The reason to refuse it, "" if nothing was to be told of it; None if there had to be an effect."""
    if "order_paid" in payload:
        order = replay.orders.get(payload["order_paid"]["order_id"])
        if order is None:
            return None
        return "" if order.paid == payload["order_paid"] else "ORDER_CHANGED"
    if "order_refunded" in payload:
        refund = payload["order_refunded"]
        order = replay.orders.get(refund["order_id"])
        reason = order.take_back(refund) if order else None
        if reason == "" and any(order.due_back(award) > award.back for award in order.awards if award.lot is None):
            return None
        return reason
    return "" if "account_bound" in payload else None
