"""Carries the schedule out, and counts what really hit."""

import random
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Callable

import tools_path  # noqa: F401
from devlib import processes
from devlib.services import Instance

import schedule
from cluster import MIGRATION_POINT, Cluster

_DISK_BYTES_MAX = 4096
_DISK_SECONDS = 20.0
_HIT = re.compile(r'"fault_point":"([a-z_.]+)","action":"kill"')
_LOST_ANSWER = f'"fault_point":"{schedule.LOST_ANSWER}","action":"fail"'
_TICK_SECONDS = 0.1
_PATIENCE_SECONDS = 90.0  # Beyond the planned time, for what has not hit yet.


@dataclass
class _Instance:
    """Where an instance is in its lives."""

    instance: Instance
    lives: schedule.Lives
    life: schedule.Life | None = None
    began: float = 0.0
    log_start: int = 0
    down_until: float = 0.0
    is_ready: bool = False


class Chaos:
    """Runs in the main thread."""

    def __init__(self, cluster: Cluster, chooser: random.Random, kills: int, seconds: float,
                 last_success: Callable[[], float]):
        self._cluster = cluster
        self._kills_wanted = kills
        self._seconds = seconds
        self._last_success = last_success
        instances = cluster.deployment.instances
        plans = schedule.lives(chooser, instances, kills, seconds)
        self._instances = [_Instance(one, plans[one.name]) for one in instances]
        self.plan = schedule.harms(chooser, instances, seconds)
        self._harms = list(self.plan)
        self._pauses: list[tuple[str, float]] = []  # What was harmed, and when.
        self.counts: Counter = Counter()
        self.points: Counter = Counter((service, MIGRATION_POINT) for service in cluster.killed_migrations)
        self.recoveries: defaultdict[str, list[float]] = defaultdict(list)
        self.unexpected: list[str] = []
        self._disk_full_until = 0.0
        self._broker_began = 0.0  # 0: it serves.

    # ---- running it ----

    def run(self, tell: Callable[[float], None]) -> None:
        """Until all has been done and everything that was to hit has; then all instances are up and unharmed."""
        start = time.monotonic()
        now = 0.0
        for one in self._instances:
            one.life, one.began = one.lives.first(), time.monotonic()
            one.log_start = self._log_of(one).stat().st_size
        while now < self._seconds or (self._missing() and now < self._seconds + _PATIENCE_SECONDS):
            self._harm_what_is_due(now)
            self._look_after_broker()
            for one in self._instances:
                self._look_after(one)
            self._measure()
            tell(now)
            time.sleep(_TICK_SECONDS)
            now = time.monotonic() - start
        self._calm()

    def service_kills(self) -> int:
        return self.counts["service killed at a random time"] + self.counts["service killed at a fault point"]

    def missing_points(self) -> list[str]:
        """Fault points that no process has met."""
        return [f"{service}: {point}" for service in self._cluster.deployment.names
                for point in [*schedule.points_of(service), schedule.AFTER_ANOTHER, schedule.LOST_ANSWER, MIGRATION_POINT]
                if not self.points[service, point]]

    def _missing(self) -> bool:
        return self.service_kills() < self._kills_wanted or bool(self.missing_points()) or bool(self._harms)

    # ---- the cluster as a whole ----

    def _harm_what_is_due(self, now: float) -> None:
        """The broker is let alone until it serves again: what is to be done to it waits."""
        busy = bool(self._broker_began or self._disk_full_until)
        due = [harm for harm in self._harms if harm.at_seconds <= now and not (busy and "broker" in harm.kind)]
        for harm in due[:1]:
            self._harms.remove(harm)
            self._harm(harm)

    def _harm(self, harm: schedule.Harm) -> None:
        harmed = time.time()
        if harm.kind == "postgres restarted":
            self._cluster.restart_postgres_at_once()
        elif harm.kind == "broker killed":
            self._begin_broker(self._cluster.kill_broker)
        elif harm.kind == "broker disk full":
            self._cluster.limit_files_of_broker(_DISK_BYTES_MAX)
            self._disk_full_until = time.monotonic() + _DISK_SECONDS
            return  # Counted when the broker has given up.
        elif harm.kind == "connections cut":
            if not self._cluster.links[harm.target].cut():
                return
        elif harm.kind == "connections stalled":
            if not self._cluster.links[harm.target].stall(harm.amount):
                return
        elif harm.kind == "clock jumped":
            self._cluster.set_clock(harm.target, harm.amount)
        self.counts[f"{harm.kind}{f' ({harm.target})' if harm.target in self._cluster.links else ''}"] += 1
        if harm.kind != "clock jumped":
            self._pauses.append((harm.kind, harmed))

    def _look_after_broker(self) -> None:
        """A broker whose only log folder takes nothing more gives up; it is started again with room."""
        if self._cluster.broker_runs():
            if self._broker_began and self._cluster.broker_serves():
                self.recoveries["broker ready after its start"].append(time.monotonic() - self._broker_began)
                self._broker_began = 0.0
            if self._disk_full_until and time.monotonic() > self._disk_full_until:
                self._cluster.limit_files_of_broker(None)
                self._disk_full_until = 0.0
            return
        if self._disk_full_until:
            self.counts["broker disk full"] += 1
            self._pauses.append(("broker disk full", time.time()))
        else:
            self.unexpected.append("the broker ended by itself")
        self._disk_full_until = 0.0
        self._begin_broker(self._cluster.begin_broker)

    def _begin_broker(self, begin: Callable[[], None]) -> None:
        begin()
        self._broker_began = time.monotonic()

    # ---- single instances ----

    def _look_after(self, one: _Instance) -> None:
        if one.life is None:
            if time.monotonic() >= one.down_until:
                self._start_life(one)
            return
        process = self._cluster.process(one.instance.name)
        if process is None:
            self._ended(one)
            return
        if not one.is_ready and self._cluster.deployment.is_ready(one.instance):
            one.is_ready = True
            self.recoveries["process ready after its start"].append(time.monotonic() - one.began)
        if time.monotonic() - one.began > one.life.seconds_max and self._cluster.kill(one.instance):
            self.counts["service killed at a random time"] += 1
            one.lives.missed(one.life)
            self._down(one)

    def _start_life(self, one: _Instance) -> None:
        one.life = one.lives.next()
        one.began = time.monotonic()
        one.is_ready = False
        one.log_start = self._log_of(one).stat().st_size
        met = self.points[one.instance.service, schedule.AFTER_ANOTHER] > 0
        self._cluster.begin(one.instance, one.life.faults("" if met else schedule.AFTER_ANOTHER))

    def _ended(self, one: _Instance) -> None:
        """A process that is gone though nobody here has ended it."""
        text = self._log_of_life(one)
        hit = _HIT.search(text)
        if hit:
            self.counts["service killed at a fault point"] += 1
            self.points[one.instance.service, hit.group(1)] += 1
            if hit.group(1) != one.life.point:
                one.lives.missed(one.life)
        else:
            self.unexpected.append(f"{one.instance.name}:\n" + "\n".join(text.splitlines()[-5:]))
        self._down(one)

    def _down(self, one: _Instance) -> None:
        self.points[one.instance.service, schedule.LOST_ANSWER] += self._log_of_life(one).count(_LOST_ANSWER)
        self._pauses.append(("service killed", time.time()))
        one.down_until = time.monotonic() + one.life.pause_seconds
        one.life = None

    def _log_of(self, one: _Instance):
        return processes.log_path(self._cluster.layout, one.instance.name)

    def _log_of_life(self, one: _Instance) -> str:
        with self._log_of(one).open("rb") as log:
            log.seek(one.log_start)
            return log.read().decode(errors="replace")

    # ---- what callers see of it ----

    def _measure(self) -> None:
        """How long after each harm a call succeeded again."""
        last = self._last_success()
        for what, when in [pause for pause in self._pauses if last > pause[1]]:
            self.recoveries[f"first call that succeeds after: {what}"].append(last - when)
            self._pauses.remove((what, when))

    def _calm(self) -> None:
        """Everything up, nothing armed, all clocks alike."""
        while self._broker_began or self._disk_full_until:
            self._look_after_broker()
            time.sleep(_TICK_SECONDS)
        self._cluster.set_clocks()
        for one in self._instances:
            self._cluster.kill(one.instance)
            self._cluster.restart(one.instance)
