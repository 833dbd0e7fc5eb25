"""The libFuzzer targets: built with clang, run side by side on the corpus of the tree for a given time."""

import concurrent.futures
import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from .errors import DevError
from .paths import BUILD, ROOT, VAR, relative
from .processes import run_in_group

_PRESET = "fuzz"
_SOURCES = ROOT / "tests" / "fuzz"
_FOUND = VAR / "fuzz"  # The corpus as it grows, and what made a target fail.
_BYTES_MAX = 65_536
_RSS_MAX_MB = 2_048


@dataclass(frozen=True)
class Outcome:
    """What one target did."""

    target: str
    executions: int
    seconds: float
    failure: str = ""


def targets() -> list[str]:
    """All targets of the tree, by their source files."""
    return sorted(path.stem for path in _SOURCES.glob("*.cc"))


def build() -> None:
    """Builds the targets and only what they need."""
    for argv in (["cmake", "--preset", _PRESET], ["cmake", "--build", "--preset", _PRESET, "-j", str(_cores())]):
        code, output = run_in_group(argv, cwd=ROOT, capture=True)
        if code != 0:
            raise DevError(f"`{' '.join(argv)}` failed:\n{output[-4000:]}")


def run(chosen: list[str], cpu_seconds: float, seed: int = 0) -> list[Outcome]:
    """Each target gets an equal share of the time; as many run at once as there are cores. Seed 0: another each time."""
    share = max(1, int(cpu_seconds / len(chosen)))
    with concurrent.futures.ThreadPoolExecutor(_cores()) as pool:
        return list(pool.map(lambda target: _run_one(target, share, seed), chosen))


def _cores() -> int:
    return os.cpu_count() or 1


def _run_one(target: str, seconds: int, seed: int) -> Outcome:
    grown, found = _FOUND / target / "corpus", _FOUND / target
    shutil.rmtree(grown, ignore_errors=True)
    grown.mkdir(parents=True)
    binary = BUILD / _PRESET / "tests" / "fuzz" / f"fuzz_{target}"
    argv = [str(binary), f"-max_total_time={seconds}", f"-seed={seed}", "-timeout=10", f"-max_len={_BYTES_MAX}",
            f"-rss_limit_mb={_RSS_MAX_MB}", f"-artifact_prefix={found}/", "-print_final_stats=1",
            str(grown), str(_SOURCES / "corpus" / target)]
    started = time.monotonic()
    code, output = run_in_group(argv, cwd=ROOT, capture=True, timeout_seconds=seconds + 120)
    executions = re.search(r"stat::number_of_executed_units:\s*(\d+)", output)
    failure = "" if code == 0 else _told(target, binary, output)
    return Outcome(target, int(executions[1]) if executions else 0, time.monotonic() - started, failure)


def _told(target: str, binary: Path, output: str) -> str:
    """The end of what it said, and how to see it again."""
    kept = re.search(r"Test unit written to (\S+)", output)
    again = f"\nsee it again: {relative(binary)} {relative(Path(kept[1]))}" if kept else ""
    return f"{target} failed:\n{output[-3000:]}{again}"


def report(outcomes: list[Outcome]) -> str:
    """One line for each target."""
    lines = [f"  {one.target:<18} {one.executions:>12,} executions in {one.seconds:6.1f} s"
             f"{'  FAILED' if one.failure else ''}" for one in outcomes]
    return "\n".join(lines)
