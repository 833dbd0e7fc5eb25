"""The auditor's own years of a member: each from one anniversary of the enrolment to the next, reviewed when it ends."""

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta

LEVELS = (0, 60, 120, 200, 300, 420, 560, 720, 900, 1100)  # Growth in a year from which each level is reached.
POSTING, RETURN, REVIEW, MERGE = 1, 2, 3, 4  # Why a tier changed.
CLOCKS_APART = timedelta(seconds=130)
_DAY = timedelta(days=1)


def anniversary(enrolled: date, year: int) -> date:
    """February 29 is had on the 28th in other years."""
    last = calendar.monthrange(year, enrolled.month)[1]
    return date(year, enrolled.month, min(enrolled.day, last))


def year_of(enrolled: date, day: date) -> tuple[date, date]:
    """The first day of the member's year that the day is in, and that of the next."""
    this = anniversary(enrolled, day.year)
    if day < this:
        return anniversary(enrolled, day.year - 1), this
    return this, anniversary(enrolled, day.year + 1)


def level_of(growth: int) -> int:
    return sum(growth >= threshold for threshold in LEVELS)


@dataclass(frozen=True)
class Change:
    """A tier that changed."""

    level_from: int
    level_to: int
    cause: int
    growth: int  # That decided.


@dataclass
class Tier:
    """Up at once, down by one level at a review of a year that did not reach it; what is returned is kept till then."""

    enrolled: date = date.max
    due: date = date.max  # Of the next review.
    level: int = 1
    growth: dict[date, int] = field(default_factory=dict)
    may_be_reviewed: bool = False  # By a clock ahead of that of a later decision, without a change.
    changes: list[Change] = field(default_factory=list)  # Of the step under way.

    def enrol(self, enrolled: date, today: date) -> None:
        self.enrolled = enrolled
        self.due = year_of(enrolled, today)[1]

    @property
    def had(self) -> date:
        """Of the last review, or the last anniversary before the first."""
        return year_of(self.enrolled, self.due - _DAY)[0] if self.enrolled < date.max else date.min

    def add(self, day: date, amount: int) -> None:
        self.growth[day] = self.growth.get(day, 0) + amount

    def _sum(self, day: date) -> int:
        first, end = year_of(self.enrolled, day)
        return sum(amount for at, amount in self.growth.items() if first <= at < end)

    def _go_to(self, level: int, cause: int, growth: int) -> None:
        if level != self.level:
            self.changes.append(Change(self.level, level, cause, growth))
            self.level = level

    def approach_review(self) -> None:
        """A decision shortly before a review by its own clock: another clock may have had the review already."""
        self.may_be_reviewed = self.may_be_reviewed or level_of(self._sum(self.due - _DAY)) == self.level

    def review(self, until: date, is_told: bool) -> None:
        """What is due. `is_told`: the decision tells of a review that changed the level."""
        while self.due <= until:
            growth = self._sum(self.due - _DAY)
            reached = level_of(growth)
            if reached == self.level or is_told or not self.may_be_reviewed:
                self._go_to(reached if reached > self.level else self.level - (reached < self.level), REVIEW, growth)
            self.may_be_reviewed = False
            self.due = year_of(self.enrolled, self.due)[1]

    def judge(self, today: date, cause: int) -> None:
        growth = self._sum(today)
        self._go_to(max(self.level, level_of(growth)), cause, growth)

    def unite(self, other: "Tier") -> None:
        """Each had what was due of it. The older enrolment goes on; no day that either was reviewed on comes again."""
        had = max(self.had, other.had)
        self.enrolled, self.due = min((self.enrolled, self.due), (other.enrolled, other.due))
        if self.enrolled < date.max:
            self.due = max(self.due, year_of(self.enrolled, had)[1])
        self.level = max(self.level, other.level)
        for day, amount in other.growth.items():
            self.add(day, amount)
        self.may_be_reviewed = self.may_be_reviewed or other.may_be_reviewed
