"""Rounds of several sides, interleaved, so that whatever else the machine does meets all of them."""

from typing import Callable

Side = Callable[[int], float]  # The number of a round -> its figure.


def interleave(rounds: int, **sides: Side) -> dict[str, list[float]]:
    """The figures of each side: one round of each after the other, as often as wanted."""
    figures: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        for name, run in sides.items():
            figures[name].append(run(number))
            print(f"    {name}: {figures[name][-1]:,.1f}", flush=True)
    return figures


class BestOf:
    """A side that is run with each choice in its first round, and from then on with the one that served it best."""

    def __init__(self, choices: tuple[int, ...], run: Callable[[int, int], float]):
        self._choices = choices
        self._run = run
        self.best: int | None = None

    def __call__(self, number: int) -> float:
        if self.best is not None:
            return self._run(number, self.best)
        tried = {choice: self._run(number, choice) for choice in self._choices}
        self.best = max(tried, key=tried.get)
        return tried[self.best]
