"""What a run did, for people."""

from collections import Counter

import reached
from chaos import Chaos
from violation import Violation

_SHOWN_MAX = 40


def progress(now: float, attempts: int, chaos: Chaos) -> str:
    """One line, every few seconds."""
    counts = chaos.counts
    ended = ", ".join(f"{name} {counts[name]}" for name in ("postgres restarted", "broker killed", "broker disk full"))
    return f"  {now:5.0f} s  {attempts} attempts, {chaos.service_kills()} services killed, {ended}"


def table(chaos: Chaos, outcomes: Counter, happened: Counter) -> str:
    """Every fault with how often it really hit, calls by method and outcome, what members went through, and how long
    recovery took."""
    lines = ["", "faults that hit"]
    lines += [f"  {count:6}  {name}" for name, count in sorted(chaos.counts.items())]
    lines += ["", "fault points that were met"]
    lines += [f"  {count:6}  {service}: {point}" for (service, point), count in sorted(chaos.points.items())]
    lines += [f"  {0:6}  {name}" for name in chaos.missing_points()]
    lines += ["", "attempts of calls by outcome"]
    lines += [f"  {count:6}  {method}: {outcome}" for (method, outcome), count in sorted(outcomes.items())]
    lines += ["", "what members went through"]
    lines += [f"  {count:6}  {name}" for name, count in sorted(happened.items())]
    lines += ["", "seconds until (median, longest, how often)"]
    for what, seconds in sorted(chaos.recoveries.items()):
        ordered = sorted(seconds)
        lines.append(f"  {ordered[len(ordered) // 2]:6.1f}  {ordered[-1]:6.1f}  {len(ordered):4}  {what}")
    return "\n".join(lines)


def cases(chaos: Chaos, happened: Counter, kills: int) -> list[dict]:
    """What a run has to reach for its verdict to mean something."""
    counts = chaos.counts
    missing = [name for name in reached.WANTED if not happened[name]]
    wanted = [(f"at least {kills} services killed", chaos.service_kills() >= kills),
              ("Postgres restarted in immediate mode three times", counts["postgres restarted"] >= 3),
              ("the broker killed twice", counts["broker killed"] >= 2),
              ("the disk of the broker full", counts["broker disk full"] >= 1),
              ("connections cut and stalled", all(any(name.startswith(what) for name in counts)
                                                  for what in ("connections cut", "connections stalled"))),
              ("clocks jumped", counts["clock jumped"] >= 1),
              ("each fault point met", not chaos.missing_points()),
              ("members went through everything that is judged", not missing)]
    output = f"{table(chaos, Counter(), happened)}\nmissing: {missing}"
    return [{"name": name, "passed": passed, "output": output} for name, passed in wanted]


def verdict(violations: list[Violation]) -> str:
    """The violations, and as the last line how many there are."""
    shown = [f"  {violation}" for violation in violations[:_SHOWN_MAX]]
    if len(violations) > _SHOWN_MAX:
        shown.append(f"  ... and {len(violations) - _SHOWN_MAX} more")
    return "\n".join(["", *shown, f"violations: {len(violations)}"])
