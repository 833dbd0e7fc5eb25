"""What the host of a virtual machine takes from its processors: speed is to be read with it."""

from pathlib import Path

_STAT = Path("/proc/stat")
_STOLEN = 7  # of proc(5)'s fields of "cpu": user, nice, system, idle, iowait, irq, softirq, steal


class StolenTime:
    """Counts from its making."""

    def __init__(self):
        self._start = _times()

    def percent(self) -> int:
        """How much of all processors' time went to other guests of the host."""
        spent = [now - then for now, then in zip(_times(), self._start)]
        return round(100 * spent[_STOLEN] / max(1, sum(spent)))


def _times() -> list[int]:
    return [int(word) for word in _STAT.read_text().splitlines()[0].split()[1:_STOLEN + 2]]
