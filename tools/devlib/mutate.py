"""`tools/dev mutate`: plants the faults of tests/mutants/mutants.toml one by one, and shows which test finds each."""

import filecmp
import hashlib
import json
import shutil
import subprocess
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from . import lint
from .errors import DevError
from .paths import BUILD, KAFKA_JARS, NODE_TOOLS, ROOT

_MUTANTS = ROOT / "tests" / "mutants" / "mutants.toml"
_DOC = ROOT / "docs" / "testing.md"
_TREE = BUILD / "mutants"
_RESULTS = BUILD / "mutants.json"
_CAUGHT_SHARE_MIN = 0.95
_BEGIN, _END = "<!-- mutants: written by `tools/dev mutate` -->", "<!-- end of mutants -->"


@dataclass(frozen=True)
class Mutant:
    """A fault: pairs of texts in one file, and the suites ("tier" or "tier:program") that may find it."""

    name: str
    says: str
    file: str
    changes: tuple[tuple[str, str], ...]
    suites: tuple[str, ...]

    def planted(self, text: str) -> str:
        """The file's text with the fault; a DevError if the place is not found exactly once."""
        for old, new in self.changes:
            if text.count(old) != 1:
                raise DevError(f"mutant {self.name}: {self.file} has its text {text.count(old)} times, not once")
            text = text.replace(old, new)
        return text


@dataclass(frozen=True)
class Finding:
    """How a mutant fared: who found it, or None."""

    mutant: Mutant
    found_by: str | None


class _Results:
    """What is known of the mutants of one tree, kept after each of them."""

    def __init__(self, tree: str, resume: bool):
        self._tree = tree
        self.found_by: dict[str, str | None] = {}
        if resume and _RESULTS.exists():
            kept = json.loads(_RESULTS.read_text())
            if kept["tree"] != tree:
                raise DevError("files have changed since the run that was broken off: what it found may not hold any more")
            self.found_by = kept["found_by"]

    def keep(self, mutant: Mutant, found_by: str | None) -> None:
        self.found_by[mutant.name] = found_by
        _RESULTS.write_text(json.dumps({"tree": self._tree, "found_by": self.found_by}))


def read(path: Path = _MUTANTS) -> list[Mutant]:
    """The mutants of the table."""
    result = []
    for one in tomllib.loads(path.read_text())["mutant"]:
        changes = [(one["old"], one["new"])] + ([(one["also"]["old"], one["also"]["new"])] if "also" in one else [])
        result.append(Mutant(one["name"], one["says"], one["file"],
                             tuple((old.removeprefix("\n"), new.removeprefix("\n")) for old, new in changes), tuple(one["suites"])))
    return result


def run(only: list[str] | None, resume: bool) -> int:
    """Plants them all, or those named; prints the table; 0 if enough were found. A run that was broken off can be
    resumed, as long as no file has changed."""
    mutants = read()
    unknown = set(only or ()) - {mutant.name for mutant in mutants}
    if unknown:
        raise DevError(f"there is no mutant {', '.join(sorted(unknown))}; there are: "
                       f"{', '.join(mutant.name for mutant in mutants)}")
    chosen = [mutant for mutant in mutants if not only or mutant.name in only]
    results = _Results(_copy_tree(), resume)
    left = [mutant for mutant in chosen if mutant.name not in results.found_by]
    _require_green({suite for mutant in left for suite in mutant.suites})
    for mutant in left:
        results.keep(mutant, _found_by(mutant))
    findings = [Finding(mutant, results.found_by[mutant.name]) for mutant in chosen]
    table = _table(findings)
    print(table)
    if not only:
        _keep(table)
    found = sum(finding.found_by is not None for finding in findings)
    return 0 if found >= _CAUGHT_SHARE_MIN * len(findings) else 1


def _copy_tree() -> str:
    """A copy beside which nobody works; files that did not change keep their times, so that little is built. Returns a
    hash of all that counts."""
    digest = hashlib.sha256()
    _TREE.mkdir(parents=True, exist_ok=True)
    for path in sorted(lint.tracked_files()):
        if ROOT / path != _DOC:  # It is where the table is written.
            digest.update(str(path).encode() + hashlib.sha256((ROOT / path).read_bytes()).digest())
        target = _TREE / path
        if not target.exists() or not filecmp.cmp(ROOT / path, target, shallow=False):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, target)
    for folder in (KAFKA_JARS, NODE_TOOLS):
        link = _TREE / folder.relative_to(ROOT)
        link.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists() and not link.exists():
            link.symlink_to(folder)
    if not (_TREE / ".git").exists():  # Some checks ask git for the files.
        subprocess.run(["git", "init", "-q"], cwd=_TREE, check=True)
    return digest.hexdigest()


def _passes(suite: str) -> bool:
    tier, _, program = suite.partition(":")
    argv = ["tools/dev", "test", "--tier", tier, *(["--filter", f"^{program}$"] if program else [])]
    log = _TREE / "mutants.log"
    with log.open("wb") as out:
        done = subprocess.run(argv, cwd=_TREE, stdout=out, stderr=out, stdin=subprocess.DEVNULL, check=False)
    printed = log.read_text(errors="replace")
    if "the tree builds" in printed:
        raise DevError("it does not build: " + next((line for line in printed.splitlines() if " error: " in line), str(log)))
    return done.returncode == 0


def _require_green(suites: set[str]) -> None:
    for suite in sorted(suites):
        print(f"without a fault: {suite}", flush=True)
        if not _passes(suite):
            raise DevError(f"{suite} fails without a fault; see {_TREE / 'mutants.log'}")


def _found_by(mutant: Mutant) -> str | None:
    started = time.monotonic()
    target = _TREE / mutant.file
    sound = target.read_text()
    try:
        target.write_text(mutant.planted(sound))
        found_by = next((suite for suite in mutant.suites if not _passes(suite)), None)
    except DevError as error:  # One that does not build shows nothing; the others are tried all the same.
        print(f"  {mutant.name}: {error}", flush=True)
        found_by = None
    finally:
        target.write_text(sound)
    seconds = time.monotonic() - started
    print(f"  {'found' if found_by else 'SURVIVED'}  {mutant.name}  {found_by or ''}  {seconds:.0f} s", flush=True)
    return found_by


def _table(findings: list[Finding]) -> str:
    found = sum(finding.found_by is not None for finding in findings)
    lines = ["| fault | what it breaks | found by |", "| --- | --- | --- |"]
    lines += [f"| `{finding.mutant.name}` | {finding.mutant.says} | "
              f"{f'`{finding.found_by}`' if finding.found_by else '**not found**'} |" for finding in findings]
    return "\n".join(lines + ["", f"{found} of {len(findings)} were found."])


def _keep(table: str) -> None:
    text = _DOC.read_text()
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    _DOC.write_text(f"{before}{_BEGIN}\n\n{table}\n\n{_END}{after}")
