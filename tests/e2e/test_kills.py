"""kill -9 of each service while the real shop's year is published: the same figures, and work goes on at once."""

import time
import unittest

import world
from devlib import flow, retail

_WHEN_PUBLISHED = (0.2, 0.5, 0.8)
_GOES_ON_SECONDS = 10.0
_RATE = 1_500  # Records a second, so that publishing outlasts three kills.
_ANCHOR = ["--anchor", world.ANCHOR.isoformat()]
_READS = {"oneid": flow.CHANNEL, "membership": flow.CUSTOMER}


class Killer:
    """Looks on while events flow; kills every service at the given shares, and measures until each goes on."""

    def __init__(self, deployment, records: int):
        self._deployment = deployment
        self._records = records
        self._due = list(_WHEN_PUBLISHED)
        self._killed_at = 0.0
        self._read_at_restart: dict[str, int] = {}  # Of the services that have not gone on yet.
        self._waiting: set[str] = set()
        self.pauses: list[tuple[str, float]] = []

    def look(self, look: dict, _sending: bool) -> None:
        self._measure(look)
        published = flow.read_of(look, "oneid", flow.CHANNEL)["end"] / self._records
        if self._due and not self._waiting and published >= self._due[0]:
            self._due.pop(0)
            self._kill_all()

    def all_done(self) -> bool:
        return not self._due and not self._waiting

    def _kill_all(self) -> None:
        self._killed_at = time.monotonic()
        for instance in self._deployment.instances:
            self._deployment.kill(instance)
        for instance in self._deployment.instances:
            self._deployment.restart(instance)
        self._waiting = set(_READS)
        self._read_at_restart = {}

    def _measure(self, look: dict) -> None:
        """A service goes on when it has read more than the first look at it after the kill saw."""
        for service in sorted(self._waiting):
            if "reads" not in look["services"].get(service, {}):
                continue
            position = flow.read_of(look, service, _READS[service])["next"]
            if position > self._read_at_restart.setdefault(service, position):
                self._waiting.remove(service)
                self.pauses.append((service, round(time.monotonic() - self._killed_at, 1)))


class KillsTest(unittest.TestCase):
    maxDiff = None

    def test_each_service_killed_at_20_50_and_80_percent(self):
        published = world.expected()["published"]
        records = published["events"] + published["duplicates"] + published["malformed"]
        with world.shop() as deployment:
            killer = Killer(deployment, records)
            run = retail.replay(deployment, [*_ANCHOR, "--rate", str(_RATE)], killer.look)
            report = retail.report(deployment, run)
        print(f"  went on after {killer.pauses}", flush=True)
        self.assertTrue(killer.all_done(), killer.pauses)
        self.assertEqual(len(killer.pauses), len(_WHEN_PUBLISHED) * len(_READS))
        for service, seconds in killer.pauses:
            self.assertLessEqual(seconds, _GOES_ON_SECONDS, service)
        self.assertEqual(world.compared(report), world.compared(world.expected()))
        self.assertEqual(world.broken(report), {})


if __name__ == "__main__":
    unittest.main()
