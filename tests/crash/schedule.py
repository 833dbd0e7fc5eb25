"""What is harmed when: made of the seed alone, so that a run can be repeated."""

import random
from dataclasses import dataclass

from devlib.services import Instance

# Where a process kills itself. The first arrivals at most: how often the place is passed differs.
_EVERYWHERE = {"batch.before_commit": 30, "batch.committed_not_answered": 30, "relay.produced_not_stored": 20,
               "consumer.records_read": 20, "pg.commit_lost": 80, "pg.commit_answer_lost": 80,
               "lease.taken_over": 1, "writer.suspects_noted": 1}
_OF_SERVICE = {"oneid": {"merge.answer_read": 1}, "membership": {"merge.fact_read": 1, "timer.due_pushed": 5}}
CLOCK_STEPS_SECONDS = (-60.0, 0.0, 60.0)
# Only reached by records that an earlier process was ended by, so it is armed beside all others until it has been met.
AFTER_ANOTHER = "writer.suspect_noted"
# Where a session is lost while its process goes on, once in each life: before the answer to any statement is read.
LOST_ANSWER = "pg.answer_lost"
_LOST_ANSWER_ARRIVALS = 2_000


@dataclass(frozen=True)
class Harm:
    """Something done to the cluster as a whole at a time."""

    at_seconds: float
    kind: str
    target: str = ""
    amount: float = 0.0


@dataclass(frozen=True)
class Life:
    """One process: the fault point that it ends at, or "" if it is killed from outside, after so long at the latest."""

    point: str
    arrivals: int
    seconds_max: float
    pause_seconds: float  # Down, before the next one.
    lost_answer: int  # The arrival at which a session is lost.

    def faults(self, also: str) -> str:
        """As TESSERA_FAULTS has it."""
        armed = [f"{LOST_ANSWER}=fail@{self.lost_answer}"]
        armed += [f"{self.point}=kill@{self.arrivals}"] if self.point else []
        return ",".join(armed + ([f"{also}=kill@1"] if also else []))


def points_of(service: str) -> list[str]:
    """Those that a life can be planned to end at."""
    return [*_EVERYWHERE, *_OF_SERVICE[service]]


def _life(chooser: random.Random, service: str, point: str, seconds: float) -> Life:
    most = (_EVERYWHERE | _OF_SERVICE[service]).get(point, 1)
    return Life(point, chooser.randint(1, most), chooser.uniform(0.5, 1.2) * seconds, chooser.uniform(0.2, 6.0),
                chooser.randint(1, _LOST_ANSWER_ARRIVALS))


class Lives:
    """How the processes of one instance end, one after the other; what was missed comes again."""

    def __init__(self, chooser: random.Random, service: str, points: list[str], seconds: float):
        self._chooser = chooser
        self._service = service
        self._seconds = seconds
        self._left = chooser.sample([*points, "", ""], len(points) + 2)

    def first(self) -> Life:
        """Of the process that runs already."""
        return _life(self._chooser, self._service, "", self._seconds)

    def next(self) -> Life:
        if not self._left:
            self._left = self._chooser.sample([*points_of(self._service), "", ""], len(points_of(self._service)) + 2)
        return _life(self._chooser, self._service, self._left.pop(0), self._seconds)

    def missed(self, life: Life) -> None:
        """The process was killed before it came to its point."""
        if life.point:
            self._left.append(life.point)


def lives(chooser: random.Random, instances: list[Instance], kills: int, seconds: float) -> dict[str, Lives]:
    """Every point of a service is dealt to one of its instances; together they end at least `kills` times."""
    of_each = max(4.0, seconds * len(instances) / (kills * 1.3))
    dealt: dict[str, list[str]] = {instance.name: [] for instance in instances}
    for service in sorted({instance.service for instance in instances}):
        own = [instance.name for instance in instances if instance.service == service]
        for place, point in enumerate(chooser.sample(points_of(service), len(points_of(service)))):
            dealt[own[place % len(own)]].append(point)
    return {one.name: Lives(random.Random(chooser.getrandbits(64)), one.service, dealt[one.name], of_each)
            for one in instances}


def harms(chooser: random.Random, instances: list[Instance], seconds: float) -> list[Harm]:
    """Postgres ends at least three times, the broker at least twice, and once its disk is full."""
    fixed = ["postgres restarted"] * 3 + ["broker killed"] * 2 + ["broker disk full"]
    extra = round(seconds / 120)
    fixed += ["postgres restarted"] * (extra // 2) + ["broker killed"] * (extra // 3)
    chooser.shuffle(fixed)
    slot = seconds * 0.9 / len(fixed)
    made = [Harm(slot * (place + chooser.uniform(0.2, 0.8)), kind) for place, kind in enumerate(fixed)]
    for _ in range(max(4, round(seconds / 20))):
        link = chooser.choice(["postgres", "kafka"])
        made.append(Harm(chooser.uniform(0, seconds), "connections cut", link))
        made.append(Harm(chooser.uniform(0, seconds), "connections stalled", link, chooser.uniform(0.5, 6.0)))
    for _ in range(max(4, round(seconds / 15))):
        made.append(Harm(chooser.uniform(0, seconds), "clock jumped", chooser.choice(instances).name,
                         chooser.choice(CLOCK_STEPS_SECONDS)))
    return sorted(made, key=lambda harm: harm.at_seconds)
