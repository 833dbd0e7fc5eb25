"""Refunds that were refused: whether the order was used up when they were decided, not only in the end."""

from collections import defaultdict

from call_log import Call
from orders import Order
from replay import Replay
from state import State


class EarlyRefunds:
    """The refunds of each order that were accepted, and the places of events in oneid's topic.

    Events of one key are decided in their order there, only what comes before its order waits for it. So of two refunds
    after the order, the later one has not used up what the earlier one asked for.
    """

    def __init__(self, taken: list[Call], refused: set[str], state: State, replay: Replay):
        self._replay = replay
        self._places = {replay.source_events[event.id]: (event.key, event.seq) for event in state.facts("oneid", 0)}
        self._paid_by: dict[str, str] = {}  # By order.
        self._accepted: defaultdict[str, list[tuple[str, dict]]] = defaultdict(list)
        for call in taken:
            payload = call.request["event"]["event"]
            if "order_paid" in payload and call.request_id in replay.decided:
                self._paid_by[payload["order_paid"]["order_id"]] = call.request_id
            elif "order_refunded" in payload and call.request_id not in refused:
                refund = payload["order_refunded"]
                self._accepted[refund["order_id"]].append((call.request_id, refund))

    def had_room(self, event_id: str, refund: dict) -> bool:
        """Whether the order had room for it, whatever may have come before it."""
        order = self._replay.orders.get(refund["order_id"])
        if order is None or not self._follows(event_id, self._paid_by.get(refund["order_id"], "")):
            return False
        then = Order(order.side, order.paid)
        for other_id, other in sorted(self._accepted[refund["order_id"]], key=lambda one: self._places.get(one[0], ("", 0))):
            if not self._follows(other_id, event_id) and then.take_back(other):
                return False  # In another order they had room; which one is not known.
        return then.take_back(refund) == ""

    def _follows(self, event_id: str, other_id: str) -> bool:
        one, other = self._places.get(event_id), self._places.get(other_id)
        return one is not None and other is not None and one[0] == other[0] and one[1] > other[1]
