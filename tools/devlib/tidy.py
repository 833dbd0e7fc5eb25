"""clang-tidy over the tree: the second half of `tools/dev lint`. Takes many minutes, so the lint tier does without it."""

import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from json import loads
from pathlib import Path

from . import build, install
from .errors import DevError
from .paths import BUILD, CMAKE_BUILD, ROOT
from .processes import run_in_group

# Not 14, whose clang cannot read the std::source_location of the compiler's library.
PROGRAM = "clang-tidy-19"
_SCRATCH = BUILD / "tidy"
# Nearly all of the time goes into what files include: a batch is read as one file that includes its sources.
_BATCH_FILES_MAX = 10
_TIMEOUT_SECONDS = 1800.0
_FINDING = re.compile(r"^\S+:\d+:\d+: (?:warning|error): .*\[[\w.,-]+\]$")
_CLEAR = "\r\x1b[K" if sys.stdout.isatty() else ""
_UNREADABLE = "[clang-diagnostic-error]"
_FLAGS_OF_THE_OTHER_COMPILER = re.compile(r"-W|-O|-g\d?$|-fno-omit-frame-pointer$")


@dataclass(frozen=True)
class Batch:
    """Sources that are compiled with the same flags."""

    name: str
    flags: tuple[str, ...]
    sources: tuple[Path, ...]


def run(jobs: int | None = None, since: str | None = None) -> int:
    """Checks all sources, or those that differ from a commit; prints each finding once; 0 if there is none."""
    install.install_packages([PROGRAM])
    build.build(targets=["tessera_proto"])
    batches = _batches(_changed(since) if since else None)
    _SCRATCH.mkdir(parents=True, exist_ok=True)
    findings: set[str] = set()
    started = time.monotonic()
    with ThreadPoolExecutor(jobs or os.cpu_count() or 2) as pool:
        futures = [pool.submit(_check, batch) for batch in batches]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                found = future.result()
                for key in sorted(found.keys() - findings):
                    print(f"{_CLEAR}{found[key]}")
                findings |= found.keys()
                _progress(f"  {done} of {len(batches)} batches, {len(findings)} findings, "
                          f"{time.monotonic() - started:.0f} s", last=done == len(batches))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    sources = sum(len(batch.sources) for batch in batches)
    print(f"  {'FAILED' if findings else 'ok    '}  clang-tidy: {len(findings)} findings in {sources} sources")
    return 1 if findings else 0


def _progress(text: str, last: bool) -> None:
    if sys.stdout.isatty():
        print(f"{_CLEAR}{text}", end="\n" if last else "", flush=True)
    else:
        print(text, flush=True)


def _batches(only: set[Path] | None) -> list[Batch]:
    by_flags: dict[tuple[str, ...], list[Path]] = {}
    for entry in loads((CMAKE_BUILD / "compile_commands.json").read_text()):
        source = Path(entry["file"])
        if _is_ours(source) and (only is None or source in only):
            by_flags.setdefault(_flags(entry["command"]), []).append(source)
    result = []
    for number, (flags, sources) in enumerate(by_flags.items()):
        sources.sort()
        count = -(-len(sources) // _BATCH_FILES_MAX)
        for part in range(count):
            result.append(Batch(f"{number}_{part}", flags, tuple(sources[part::count])))
    return result


def _is_ours(source: Path) -> bool:
    """Not what protoc or cmake/embed.cmake wrote; the sample service is the template's text, and is."""
    return CMAKE_BUILD / "proto" not in source.parents and not source.stem.endswith("_embedded")


def _flags(command: str) -> tuple[str, ...]:
    words = shlex.split(command)
    words = words[next(place for place, word in enumerate(words) if word.startswith("-")):words.index("-o")]
    return tuple(word for word in words if not _FLAGS_OF_THE_OTHER_COMPILER.match(word))


def _check(batch: Batch) -> dict[str, str]:
    """The findings by their first line. Sources that cannot be read together are read in two halves."""
    unit = _SCRATCH / f"{batch.name}.cc"
    unit.write_text("".join(f'#include "{source}"\n' for source in batch.sources))
    code, output = run_in_group([PROGRAM, "--quiet", str(unit), "--", *batch.flags], cwd=ROOT, capture=True,
                                timeout_seconds=_TIMEOUT_SECONDS)
    if _UNREADABLE in output and len(batch.sources) > 1:
        middle = len(batch.sources) // 2
        return (_check(Batch(f"{batch.name}a", batch.flags, batch.sources[:middle]))
                | _check(Batch(f"{batch.name}b", batch.flags, batch.sources[middle:])))
    findings = _findings(output)
    if code != 0 and not findings:
        raise DevError(f"{PROGRAM} ended with {code} on {', '.join(map(str, batch.sources))}:\n{output}")
    return findings


def _findings(output: str) -> dict[str, str]:
    findings: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in output.replace(f"{ROOT}/", "").splitlines():
        if _FINDING.match(line):
            lines = findings.setdefault(line, [])
        if lines is not None:
            lines.append(line)
    return {key: "\n".join(value) for key, value in findings.items()}


def _changed(since: str) -> set[Path]:
    """The sources that differ from the commit, and those that include a header that does."""
    done = subprocess.run(["git", "-c", "safe.directory=*", "diff", "--name-only", "--diff-filter=d", since, "--"],
                          cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DevError(f"`git diff {since}` failed: {done.stderr.strip()}")
    names = done.stdout.split()
    headers = {name.removeprefix("libs/") for name in names if name.endswith(".h")}
    sources = {ROOT / name for name in names if name.endswith(".cc")}
    include = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
    for folder in ("libs", "services", "tools", "tests"):
        sources |= {path for path in (ROOT / folder).rglob("*.cc")
                    if headers and headers & set(include.findall(path.read_text()))}
    return sources
