"""What all callers are: threads that do something over and over, and repeat under the same id what was not answered."""

import random
import threading
import time
from typing import Callable

from call_log import OK, UNKNOWN_CODES, Attempt, CallLog
from people import People
from rpc import Answer, Endpoint

ATTEMPT_SECONDS = 3.0
GIVE_UP_SECONDS = 25.0
_PAUSE_SECONDS = (0.02, 0.15)


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
            self._finish()
        except BaseException as error:  # noqa: BLE001 (told by the main thread)
            self.broken = error

    def _deeds(self) -> list[tuple[Callable[[], None], int]]:
        """What it does, and how often."""
        raise NotImplementedError

    def _finish(self) -> None:
        """What it still owes in the end."""

    def _until_answered(self, service: str, method: str, request_id: str, request: dict) -> Answer | None:
        """Repeats the call until it is known what became of it; None if that stays unknown."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            answer = self._attempt(service, method, request_id, request)
            if answer.code not in UNKNOWN_CODES:
                return answer
            self._pause()
        return None

    def _pause(self) -> None:
        """Before the next attempt."""
        time.sleep(self._chooser.uniform(0.05, 0.4))

    def _attempt(self, service: str, method: str, request_id: str, request: dict, expects: str = "") -> Answer:
        answer = self._chooser.choice(self._endpoints[service]).call(method, request, ATTEMPT_SECONDS)
        self._log.add(Attempt(method, request_id, request, answer.code, answer.reason, answer.reply.hex(),
                              answer.start_seconds, answer.end_seconds, expects))
        if answer.code == OK:
            self.last_success_seconds = answer.end_seconds
        return answer
