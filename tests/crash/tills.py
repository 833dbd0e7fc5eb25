"""Tills: they call membership about single members, or about some at once."""

import random
import time
from typing import Callable

import rpc
from call_log import OK, UNKNOWN_CODES, Attempt
from callers import ATTEMPT_SECONDS, GIVE_UP_SECONDS, Caller
from people import new_id
from setting import BRAND

_POINTS = "tessera.membership.v1.PointsService/"
_REPEAT_SHARE, _REUSE_SHARE = 0.1, 0.03
_ITEMS_MAX = 8


class Till(Caller):
    """Calls membership about single members."""

    def __init__(self, *args):
        super().__init__(*args)
        self._holds: list[tuple[str, str, int]] = []  # Customer, hold, amount; so for spends.
        self._spends: list[tuple[str, str, int]] = []

    def _deeds(self) -> list[tuple[Callable[[], None], int]]:
        return [(self._earn, 12), (self._empty, 14), (self._earn_of_many, 4), (self._grow, 2), (self._hold, 20), (self._capture, 12),
                (self._release, 7), (self._spend, 14), (self._refund, 10), (self._err, 4)]

    def _earn(self) -> None:
        self._call("EarnPoints", self._customer(), amount=str(self._chooser.randint(1, 90)), reason="till")

    def _empty(self) -> None:
        """Leaves nothing, as far as the answer knows: what comes back of an order has to be owed."""
        customer = self._customer()
        reply = self._call("EarnPoints", customer, amount=str(self._chooser.randint(1, 5)), currency="points")
        if reply and int(reply["balance"]["available"]):
            self._spend_points(customer, int(reply["balance"]["available"]))

    def _earn_of_many(self) -> None:
        """One call, or several: what of it was not answered comes again, in a call of many or by itself."""
        left = []
        for _ in range(self._chooser.randint(2, _ITEMS_MAX)):
            customer = self._customer() if self._chooser.random() < 0.9 else new_id(self._chooser)
            currency = self._chooser.choices(["points", "growth", "gold"], [10, 1, 1])[0]
            left.append(self._request(customer, amount=str(self._chooser.randint(1, 40)), currency=currency))
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while left and time.monotonic() < deadline:
            if self._chooser.random() < 0.2:
                answer = self._attempt("membership", _POINTS + "EarnPoints", left[0]["request_id"], left[0])
                answered = [left[0]] if answer.code not in UNKNOWN_CODES else []
            else:
                answered = self._attempt_many(left)
            left = [one for one in left if one not in answered]
            if left:
                self._pause()

    def _attempt_many(self, items: list[dict]) -> list[dict]:
        """One attempt, logged as one of each item; those that were answered."""
        method = _POINTS + "BatchEarnPoints"
        request = {"brand_id": BRAND, "items": items}
        answer = self._chooser.choice(self._endpoints["membership"]).call(method, request, ATTEMPT_SECONDS)
        told = rpc.results(answer.reply) if answer.code == OK else [(answer.code, answer.reason, b"")] * len(items)
        for item, (code, reason, reply) in zip(items, told, strict=True):
            self._log.add(Attempt(_POINTS + "EarnPoints", item["request_id"], item, code, reason, reply.hex(),
                                  answer.start_seconds, answer.end_seconds, via=method))
        return [item for item, (code, _, _) in zip(items, told) if code not in UNKNOWN_CODES]

    def _err(self) -> None:
        """What can only be refused."""
        customer, amount, unknown = self._customer(), str(self._chooser.randint(1, 50)), new_id(self._chooser)
        name, of, fields = self._chooser.choice([
            ("SpendPoints", unknown, {"amount": amount}), ("HoldPoints", unknown, {"amount": amount}),
            ("SpendPoints", customer, {"amount": amount, "currency": "growth"}),
            ("HoldPoints", customer, {"amount": amount, "currency": "gold"}),
            ("EarnPoints", customer, {"amount": amount, "currency": "gold"}),
            ("EarnPoints", customer, {"amount": "0"}), ("RefundSpend", customer, {"spend_id": unknown, "amount": "-1"}),
            ("CaptureHold", customer, {"hold_id": unknown, "amount": "0"}),
            ("ReleaseHold", customer, {"hold_id": unknown}),
            ("RefundSpend", customer, {"spend_id": unknown, "amount": amount})])
        self._call(name, of, **fields)

    def _grow(self) -> None:
        self._call("EarnPoints", self._customer(), amount=str(self._chooser.randint(1, 20)), currency="growth")

    def _hold(self) -> None:
        customer, amount = self._customer(), self._chooser.randint(1, 80)
        reply = self._call("HoldPoints", customer, amount=str(amount), ttl=f"{self._chooser.randint(2, 40)}s")
        if reply:
            self._holds.append((customer, reply["hold_id"], amount))

    def _capture(self) -> None:
        if not self._holds:
            return
        customer, hold, amount = self._take(self._chooser, self._holds)
        part = self._chooser.choice([0, amount, self._chooser.randint(1, amount), amount + 1])
        reply = self._call("CaptureHold", customer, hold_id=hold, amount=str(part))
        if reply:
            self._spends.append((customer, reply["spend_id"], int(reply["captured"])))

    def _release(self) -> None:
        if self._holds:
            customer, hold, _ = self._take(self._chooser, self._holds)
            self._call("ReleaseHold", customer, hold_id=hold)

    def _spend(self) -> None:
        self._spend_points(self._customer(), self._chooser.randint(1, 70))

    def _spend_points(self, customer: str, amount: int) -> None:
        reply = self._call("SpendPoints", customer, amount=str(amount))
        if reply:
            self._spends.append((customer, reply["spend_id"], amount))

    def _refund(self) -> None:
        if not self._spends:
            return
        customer, spend, amount = self._take(self._chooser, self._spends)
        part = self._chooser.choice([0, self._chooser.randint(1, amount), self._chooser.randint(1, amount), amount + 1])
        if self._call("RefundSpend", customer, spend_id=spend, amount=str(part)) and 0 < part < amount:
            self._spends.append((customer, spend, amount - part))

    def _customer(self) -> str:
        return self._people.any_customer(self._chooser)

    @staticmethod
    def _take(chooser: random.Random, from_list: list) -> tuple:
        return from_list.pop(chooser.randrange(len(from_list)))

    def _request(self, customer: str, **fields: str) -> dict:
        return {"brand_id": BRAND, "request_id": new_id(self._chooser), "customer_id": customer, **fields}

    def _call(self, name: str, customer: str, **fields: str) -> dict | None:
        request = self._request(customer, **fields)
        method = _POINTS + name
        answer = self._until_answered("membership", method, request["request_id"], request)
        if answer is None:
            return None
        if self._chooser.random() < _REPEAT_SHARE:
            self._attempt("membership", method, request["request_id"], request)
        if self._chooser.random() < _REUSE_SHARE and answer.code != "INVALID_ARGUMENT":  # Which keeps no request id.
            other = request | {"customer_id": new_id(self._chooser)}
            self._attempt("membership", method, request["request_id"], other, expects="REQUEST_ID_REUSED")
        return rpc.decoded(method, answer.reply) if answer.code == OK else None
