"""The log of every call and answer: one JSON line for each attempt, written before anything is concluded from it."""

import json
import threading
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Iterable

OK = "OK"
# After these, the call may or may not have taken effect.
UNKNOWN_CODES = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "CANCELLED", "UNKNOWN", "INTERNAL",
                           "RESOURCE_EXHAUSTED"})


@dataclass(frozen=True)
class Attempt:
    """One attempt of a call. `expects` is "" or the reason with which this attempt has to be refused."""

    method: str
    request_id: str  # For a channel event, its id.
    request: dict
    code: str
    reason: str
    reply_hex: str
    start_seconds: float  # Unix time.
    end_seconds: float
    expects: str = ""
    via: str = ""  # The method that was called with it as one item.


class CallLog:
    """Appends attempts to a file. Thread-safe."""

    def __init__(self, path: Path):
        self._lock = threading.Lock()
        self._file = path.open("w", buffering=1, encoding="utf-8")
        self.outcomes: Counter = Counter()

    def add(self, attempt: Attempt) -> None:
        with self._lock:
            self._file.write(json.dumps(asdict(attempt)) + "\n")
            self.outcomes[(attempt.via or attempt.method).rpartition("/")[2], attempt.reason or attempt.code] += 1

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True)
class Call:
    """All attempts of one request id, and what they say together."""

    method: str
    request_id: str
    request: dict
    attempts: tuple[Attempt, ...]

    @property
    def answers(self) -> list[Attempt]:
        """The attempts that were told what became of the call: success or refusal."""
        return [one for one in self.attempts if not one.expects and one.code not in UNKNOWN_CODES]

    @property
    def succeeded(self) -> bool:
        return any(one.code == OK for one in self.answers)


def read(path: Path) -> list[Attempt]:
    with path.open(encoding="utf-8") as lines:
        return [Attempt(**json.loads(line)) for line in lines]


def calls(attempts: Iterable[Attempt]) -> list[Call]:
    """The calls that the attempts belong to, in the order of their first attempts."""
    grouped: dict[tuple[str, str], list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        grouped[attempt.method, attempt.request_id].append(attempt)
    return [Call(method, request_id, next((one.request for one in group if not one.expects), group[0].request), tuple(group))
            for (method, request_id), group in grouped.items()]
