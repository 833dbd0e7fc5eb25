"""Callers: threads that do what tills and channels do, and repeat whatever was not answered under the same id."""

import datetime
import random
import threading
import time
from typing import Callable

from call_log import OK, UNKNOWN_CODES, Attempt, CallLog
from people import BRAND, SOURCE, People, identifier, new_id
from rpc import Answer, Endpoint, decoded

_POINTS = "tessera.membership.v1.PointsService/"
_INTAKE = "tessera.oneid.v1.IntakeService/PublishEvent"
_ATTEMPT_SECONDS = 3.0
_GIVE_UP_SECONDS = 25.0
_PAUSE_SECONDS = (0.02, 0.15)
_REPEAT_SHARE, _REUSE_SHARE = 0.1, 0.03
_DAY = datetime.timedelta(days=1)


class Caller(threading.Thread):
    """One of them. Ends after `stop`; `broken` is then whatever ended it early."""

    def __init__(self, name: str, chooser: random.Random, endpoints: dict[str, list[Endpoint]], people: People,
                 log: CallLog):
        super().__init__(name=name, daemon=True)
        self.broken: BaseException | None = None
        self.last_success_seconds = 0.0
        self._chooser = chooser
        self._endpoints = endpoints
        self._people = people
        self._log = log
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        deeds, weights = zip(*self._deeds())
        try:
            while not self._stopping.is_set():
                self._chooser.choices(deeds, weights)[0]()
                self._stopping.wait(self._chooser.uniform(*_PAUSE_SECONDS))
        except BaseException as error:  # noqa: BLE001 (told by the main thread)
            self.broken = error

    def _deeds(self) -> list[tuple[Callable[[], None], int]]:
        """What it does, and how often."""
        raise NotImplementedError

    def _until_answered(self, service: str, method: str, request_id: str, request: dict) -> Answer | None:
        """Repeats the call until it is known what became of it; None if that stays unknown."""
        deadline = time.monotonic() + _GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            answer = self._attempt(service, method, request_id, request)
            if answer.code not in UNKNOWN_CODES:
                return answer
            time.sleep(self._chooser.uniform(0.05, 0.4))
        return None

    def _attempt(self, service: str, method: str, request_id: str, request: dict, expects: str = "") -> Answer:
        answer = self._chooser.choice(self._endpoints[service]).call(method, request, _ATTEMPT_SECONDS)
        self._log.add(Attempt(method, request_id, request, answer.code, answer.reason, answer.reply.hex(),
                              answer.start_seconds, answer.end_seconds, expects))
        if answer.code == OK:
            self.last_success_seconds = answer.end_seconds
        return answer


class Till(Caller):
    """Calls membership about single members."""

    def __init__(self, *args):
        super().__init__(*args)
        self._holds: list[tuple[str, str, int]] = []  # Customer, hold, amount; so for spends.
        self._spends: list[tuple[str, str, int]] = []

    def _deeds(self) -> list[tuple[Callable[[], None], int]]:
        return [(self._earn, 24), (self._grow, 5), (self._hold, 20), (self._capture, 12), (self._release, 7),
                (self._spend, 14), (self._refund, 10)]

    def _earn(self) -> None:
        self._call("EarnPoints", self._customer(), amount=str(self._chooser.randint(1, 90)), reason="till")

    def _grow(self) -> None:
        self._call("EarnPoints", self._customer(), amount=str(self._chooser.randint(1, 60)), currency="growth")

    def _hold(self) -> None:
        customer, amount = self._customer(), self._chooser.randint(1, 80)
        reply = self._call("HoldPoints", customer, amount=str(amount), ttl=f"{self._chooser.randint(2, 40)}s")
        if reply:
            self._holds.append((customer, reply["hold_id"], amount))

    def _capture(self) -> None:
        if not self._holds:
            return
        customer, hold, amount = self._take(self._chooser, self._holds)
        part = self._chooser.choice([0, amount, self._chooser.randint(1, amount)])
        reply = self._call("CaptureHold", customer, hold_id=hold, amount=str(part))
        if reply:
            self._spends.append((customer, reply["spend_id"], int(reply["captured"])))

    def _release(self) -> None:
        if self._holds:
            customer, hold, _ = self._take(self._chooser, self._holds)
            self._call("ReleaseHold", customer, hold_id=hold)

    def _spend(self) -> None:
        customer, amount = self._customer(), self._chooser.randint(1, 70)
        reply = self._call("SpendPoints", customer, amount=str(amount))
        if reply:
            self._spends.append((customer, reply["spend_id"], amount))

    def _refund(self) -> None:
        if not self._spends:
            return
        customer, spend, amount = self._take(self._chooser, self._spends)
        part = self._chooser.choice([0, self._chooser.randint(1, amount)])
        if self._call("RefundSpend", customer, spend_id=spend, amount=str(part)) and 0 < part < amount:
            self._spends.append((customer, spend, amount - part))

    def _customer(self) -> str:
        return self._people.any_customer(self._chooser)

    @staticmethod
    def _take(chooser: random.Random, from_list: list) -> tuple:
        return from_list.pop(chooser.randrange(len(from_list)))

    def _call(self, name: str, customer: str, **fields: str) -> dict | None:
        request = {"brand_id": BRAND, "request_id": new_id(self._chooser), "customer_id": customer, **fields}
        method = _POINTS + name
        answer = self._until_answered("membership", method, request["request_id"], request)
        if answer is None:
            return None
        if self._chooser.random() < _REPEAT_SHARE:
            self._attempt("membership", method, request["request_id"], request)
        if self._chooser.random() < _REUSE_SHARE:
            other = request | {"customer_id": new_id(self._chooser)}
            self._attempt("membership", method, request["request_id"], other, expects="REQUEST_ID_REUSED")
        return decoded(method, answer.reply) if answer.code == OK else None


class Channel(Caller):
    """Publishes events through oneid: activity that earns, and bindings that make two customers one."""

    def _deeds(self) -> list[tuple[Callable[[], None], int]]:
        return [(self._check_in, 10), (self._review, 6), (self._bind, 1)]

    # Points of a day ago expire within the run, pending ones of a day ago become active within it.
    def _check_in(self) -> None:
        age = _DAY - datetime.timedelta(seconds=self._chooser.randint(5, 90)) if self._chooser.random() < 0.7 else None
        self._publish([self._account()], {"check_in_done": {"place": "till"}}, age)

    def _review(self) -> None:
        age = _DAY - datetime.timedelta(seconds=self._chooser.randint(5, 60))
        self._publish([self._account()], {"review_posted": {"review_id": "r", "product_code": "p", "rating": 5}}, age)

    def _bind(self) -> None:
        first, second, event_id = self._people.bind(self._chooser)
        self._publish([first, second], {"account_bound": {}}, None, event_id)

    def _account(self) -> int:
        return self._chooser.randrange(len(self._people.customers))

    def _publish(self, accounts: list[int], payload: dict, age: datetime.timedelta | None, event_id: str = "") -> None:
        event_id = event_id or new_id(self._chooser)
        happened = datetime.datetime.now(datetime.timezone.utc) - (age or datetime.timedelta())
        event = {"event_id": event_id, "source": SOURCE, "event_time": happened.isoformat().replace("+00:00", "Z"),
                 "event": {"identifiers": [identifier(account) for account in accounts], **payload}}
        self._until_answered("oneid", _INTAKE, event_id, {"brand_id": BRAND, "event": event})
