"""What a benchmark comes to: rows with ratios, judged against their goals, as a table and as JSON."""

import json
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..paths import write_private


@dataclass(frozen=True)
class Goal:
    """What a ratio (or, of a row without a naive side, the figure) is to reach."""

    at_least: float | None = None
    at_most: float | None = None
    stretch: float | None = None

    def is_met(self, value: float) -> bool:
        return ((self.at_least is None or value >= self.at_least)
                and (self.at_most is None or value <= self.at_most))

    def __str__(self) -> str:
        text = f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"
        return text + (f", stretch {self.stretch:g}" if self.stretch is not None else "")


@dataclass
class Row:
    """One line of the result. `ratio` is the median of the rounds' own ratios, so that noise hits both sides of each;
    `spread` is how far these ratios (or, without a naive side, the figures) lie apart, as a part of their median."""

    name: str
    unit: str
    naive: float | None
    ours: float
    ratio: float | None
    goal: Goal | None
    rounds: int
    spread: float
    detail: dict = field(default_factory=dict)

    @property
    def falls_short(self) -> bool:
        return self.goal is not None and not self.goal.is_met(self.ours if self.ratio is None else self.ratio)


def compared(name: str, unit: str, naive: list[float], ours: list[float], goal: Goal | None = None, **detail) -> Row:
    """A row of two sides, whose figures are those of the rounds, in order."""
    ratios = [our / other for our, other in zip(ours, naive, strict=True)]
    return Row(name, unit, statistics.median(naive), statistics.median(ours), statistics.median(ratios), goal,
               len(ratios), _spread(ratios), detail)


def measured(name: str, unit: str, ours: list[float], goal: Goal | None = None, **detail) -> Row:
    """A row of figures that are compared with nothing but a goal."""
    return Row(name, unit, None, statistics.median(ours), None, goal, len(ours), _spread(ours), detail)


def _spread(values: list[float]) -> float:
    middle = statistics.median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def table(rows: list[Row]) -> str:
    """The rows for a terminal; what falls short of its goal says so."""
    width = max((len(row.name) for row in rows), default=0)
    lines = [f"{'':<{width}} {'unit':<10} {'naive':>10} {'ours':>10} {'ratio':>7} {'spread':>7} {'rounds':>6}  goal"]
    for row in rows:
        naive = "" if row.naive is None else _short(row.naive)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        goal = "" if row.goal is None else f"{row.goal}{'   FALLS SHORT' if row.falls_short else ''}"
        lines.append(f"{row.name:<{width}} {row.unit:<10} {naive:>10} {_short(row.ours):>10} {ratio:>7} "
                     f"{row.spread:>6.0%} {row.rounds:>7}  {goal}".rstrip())
    return "\n".join(lines)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def save(path: Path, about: dict, rows: list[Row]) -> None:
    """Writes the result; a row's goal is null where it has none."""
    write_private(path, json.dumps({**about, "rows": [asdict(row) for row in rows]}, indent=2) + "\n")
