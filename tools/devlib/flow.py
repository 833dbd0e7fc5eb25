"""How events flow through a running deployment: watched, waited for, measured. All by questions to the services."""

import contextlib
import json
import subprocess
import threading
import time
from typing import Callable, Iterator

from .client import Client
from .deployment import Deployment
from .errors import DevError

CHANNEL, CUSTOMER = "tessera.channel.events.v1", "tessera.oneid.customer.v1"
_LOOK_MS = 200
_STALL_SECONDS = 60.0


class Watch:
    """The looks of one running `tessera progress --watch`. `next` waits for a look that began after the call."""

    def __init__(self, child: subprocess.Popen):
        self.looks: list[dict] = []
        self._child = child
        self._more = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._child.stdout:
            with self._more:
                self.looks.append(json.loads(line))
                self._more.notify_all()
        with self._more:
            self._ended = True
            self._more.notify_all()

    def next(self, timeout_seconds: float = 60.0) -> dict:
        with self._more:
            wanted = len(self.looks) + 2  # The next one may have begun before this call.
            self._more.wait_for(lambda: self._ended or len(self.looks) >= wanted, timeout_seconds)
            if len(self.looks) < wanted:
                raise DevError(f"`tessera progress` told nothing new: {self._child.stderr.read() if self._ended else ''}")
            return self.looks[-1]

    def end(self) -> None:
        self._child.terminate()
        self._child.wait()
        self._thread.join()
        self._child.stdout.close()
        self._child.stderr.close()


@contextlib.contextmanager
def watching(client: Client) -> Iterator[Watch]:
    child = subprocess.Popen(client.argv("progress", "--watch", str(_LOOK_MS)), env=client.env,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    watch = Watch(child)
    try:
        yield watch
    finally:
        watch.end()


def read_of(look: dict, service: str, topic: str) -> dict:
    """What a service has read of a topic; zeros while it does not answer."""
    return look["services"].get(service, {}).get("reads", {}).get(topic, {"next": 0, "end": 0, "lag": 0})


def fraction_done(look: dict) -> float:
    """The part of the published channel events whose effect is in the balances, as far as one look can tell."""
    channel, customer = read_of(look, "oneid", CHANNEL), read_of(look, "membership", CUSTOMER)
    resolved = channel["next"] / channel["end"] if channel["end"] else 1.0
    applied = customer["next"] / customer["end"] if customer["end"] else 1.0
    return min(1.0, resolved) * min(1.0, applied)


def _positions(look: dict) -> list:
    """Everything that changes while something is done; None for a service that does not answer."""
    return [(name, flow.get("reads"), flow.get("writes"), flow.get("waiting"), flow.get("parked"))
            for name, flow in sorted(look["services"].items())]


def _is_idle(look: dict) -> bool:
    """Whether everything that was written has been read, and everything that was decided has been published."""
    for flow in look["services"].values():
        if "error" in flow or any(reading["lag"] for reading in flow["reads"].values()):
            return False
        if any(writing["written"] != writing["relayed"] for writing in flow["writes"].values()):
            return False
    return True


def wait_until_done(deployment: Deployment, watch: Watch, on_look: Callable[[dict], None] = lambda look: None,
                    stall_seconds: float = _STALL_SECONDS) -> dict:
    """Waits until nothing is left to do, and returns the last look; a DevError if nothing moves any more.

    One look asks the services one after the other and so can miss what is on its way between them. All positions only
    grow: when two looks in a row are idle and equal, all services were idle together between them.
    """
    last: dict | None = None
    moved = time.monotonic()
    while True:
        look = watch.next()
        on_look(look)
        same = last is not None and _positions(look) == _positions(last)
        if same and _is_idle(look) and _is_idle(last):
            _require_nothing_left(look)
            return look
        if not same:
            moved = time.monotonic()
        elif time.monotonic() - moved > stall_seconds:
            raise DevError(f"nothing has moved for {stall_seconds:.0f} s:\n{_told(look)}")
        deployment.require_running()
        last = look


def _require_nothing_left(look: dict) -> None:
    """A DevError if an event still waits or is parked though all has been read."""
    for service, flow in look["services"].items():
        if flow["waiting"] or flow["parked"]:
            raise DevError(f"all has been read, but in {service} {flow['waiting']} events wait and "
                           f"{flow['parked']} records are parked")


def _told(look: dict) -> str:
    """What is left to do, for an error message."""
    lines = []
    for service, flow in look["services"].items():
        if "error" in flow:
            lines.append(f"  {service}: {flow['error']}")
            continue
        lines += [f"  {service} is {reading['lag']} records behind in {topic}"
                  for topic, reading in flow["reads"].items() if reading["lag"]]
        lines += [f"  {service} has published {writing['relayed']} of {writing['written']} to {topic}"
                  for topic, writing in flow["writes"].items() if writing["relayed"] != writing["written"]]
        lines.append(f"  {service}: {flow['waiting']} events wait, {flow['parked']} records are parked")
    return "\n".join(lines + ["look at `tools/dev logs`, `tessera waiting list` and `tessera parked list`"])


def timeline(samples: list[dict]) -> list[tuple[float, int]]:
    """(time, customer events applied) of membership."""
    return [(look["unix_seconds"], read_of(look, "membership", CUSTOMER)["next"]) for look in samples
            if "error" not in look["services"].get("membership", {"error": ""})]


def _time_at(points: list[tuple[float, int]], count: float) -> float:
    """When the count was reached, linear between two samples."""
    for (before, low), (after, high) in zip(points, points[1:]):
        if high >= count:
            return before + (after - before) * ((count - low) / (high - low) if high > low else 0.0)
    raise DevError("the samples of membership's progress do not reach their own end")


def speed(points: list[tuple[float, int]], events: int) -> tuple[float, int]:
    """(when the last balance was done, events/s over the middle 80 %).

    The share of the work that is done is membership's share of the customer topic; `events` are the distinct channel
    events that this work stands for. 0 if there was none.
    """
    start, total = points[0][1], points[-1][1] - points[0][1]
    if total == 0:
        return points[-1][0], 0
    middle = _time_at(points, start + 0.9 * total) - _time_at(points, start + 0.1 * total)
    return _time_at(points, points[-1][1]), round(0.8 * events / middle) if middle > 0 else 0
