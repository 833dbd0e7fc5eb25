"""The style checks; each is one case of the lint tier."""

import os
import py_compile
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable

from .errors import DevError
from .paths import NODE_TOOLS, ROOT
from .processes import run_in_group

BUF = NODE_TOOLS / "node_modules" / ".bin" / "buf"
PROTO = ROOT / "proto"
CONTRACT = PROTO / "contract.binpb"  # as it was when it was last accepted
_LINES_MAX = 500
_CPP_FOLDERS = ("libs", "services", "tools", "tests")
_SOURCE_SUFFIXES = (".cc", ".h", ".py", ".proto", ".sql", ".cmake", ".sh")
# Written in pieces, so that this file holds none of them itself.
_PLACEHOLDERS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b|\bDISABLED" r"_|\bGTEST" r"_SKIP\b|"
                           r"@unittest\.sk" r"ip|\bskip" r"Test\(")
_Check = Callable[[], tuple[bool, str]]


def tracked_files() -> list[Path]:
    """The files of the tree, relative to its root: tracked ones and new ones that are not ignored."""
    # The clone may belong to another user than the one who runs this.
    done = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
                           "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(Path(name) for name in set(done.stdout.split("\0")) if name and (ROOT / name).is_file())


def cpp_files() -> list[Path]:
    return [path for path in tracked_files() if path.suffix in (".cc", ".h") and path.parts[0] in _CPP_FOLDERS]


def python_files() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".py" or _is_python_script(path)]


def _is_script(path: Path) -> bool:
    return not path.suffix and os.access(ROOT / path, os.X_OK)


def _is_python_script(path: Path) -> bool:
    if not _is_script(path):
        return False
    with (ROOT / path).open("rb") as script:
        return b"python3" in script.readline()


def _run(argv: list[str], cwd: Path = ROOT) -> tuple[bool, str]:
    code, output = run_in_group(argv, cwd=cwd, capture=True, timeout_seconds=600)
    return code == 0, output


def _clang_format() -> tuple[bool, str]:
    files = [str(path) for path in cpp_files()]
    return _run(["clang-format-14", "--dry-run", "-Werror", *files]) if files else (True, "")


def _layers() -> tuple[bool, str]:
    return _run([sys.executable, "tools/check_layers"])


def _style_tests() -> tuple[bool, str]:
    return _run([sys.executable, "-m", "unittest", "discover", "-s", "tests/style", "-t", "tests/style"])


def _buf() -> tuple[bool, str]:
    return _run([str(BUF), "lint"], PROTO)


def _contract() -> tuple[bool, str]:
    return breaking_changes(PROTO)


def breaking_changes(protos: Path) -> tuple[bool, str]:
    """Whether these protos can be read by who knows the contract, and what could not."""
    kept, output = _run([str(BUF), "breaking", "--against", str(CONTRACT)], protos)
    return kept, output or ("" if kept else "buf breaking failed without a word")


def accept_contract() -> None:
    """Makes the present protos the contract that later ones must not break."""
    accepted, output = _run([str(BUF), "build", "--exclude-source-info", "-o", str(CONTRACT)], PROTO)
    if not accepted:
        raise DevError(output)


def _python() -> tuple[bool, str]:
    mistakes = []
    with tempfile.TemporaryDirectory() as scratch:
        for path in python_files():
            try:
                py_compile.compile(str(ROOT / path), cfile=f"{scratch}/compiled", dfile=str(path), doraise=True)
            except py_compile.PyCompileError as error:
                mistakes.append(error.msg)
    return not mistakes, "\n".join(mistakes)


def _file_length() -> tuple[bool, str]:
    long = []
    for path in sources():
        with (ROOT / path).open("rb") as source:
            lines = sum(1 for _ in source)
        if lines >= _LINES_MAX:
            long.append(f"{path}: {lines} lines (a file has fewer than {_LINES_MAX}: divide it by concept)")
    return not long, "\n".join(sorted(long))


def sources() -> list[Path]:
    """Everything that people write for machines, without what others wrote."""
    return [path for path in tracked_files() if path.parts[0] not in ("data", "third_party") and
            (path.suffix in _SOURCE_SUFFIXES or path.name == "CMakeLists.txt" or _is_script(path))]


def placeholders(text: str) -> list[tuple[int, str]]:
    """(line number, marker) of what stands for work that is not done: notes to do it, tests that do not run."""
    return [(number, match.group()) for number, line in enumerate(text.splitlines(), 1)
            for match in _PLACEHOLDERS.finditer(line)]


def _no_placeholders() -> tuple[bool, str]:
    found = [f"{path}:{number}: {marker} (do it, or leave it out)" for path in sources()
             for number, marker in placeholders((ROOT / path).read_text(errors="replace"))]
    return not found, "\n".join(found)


CHECKS: dict[str, _Check] = {
    "clang-format": _clang_format,
    "layers": _layers,
    "style tests": _style_tests,
    "buf": _buf,
    "contract": _contract,
    "python": _python,
    "file length": _file_length,
    "placeholders": _no_placeholders,
}


def run(names: list[str] | None = None) -> list[tuple[str, bool, str]]:
    """Runs the checks, prints one line each, and returns (name, passed, output) of each."""
    results = []
    for name in names if names is not None else list(CHECKS):
        passed, output = CHECKS[name]()
        print(f"  {'ok    ' if passed else 'FAILED'}  {name}", flush=True)
        if not passed:
            print("\n".join(f"    {line}" for line in output.rstrip().splitlines()), flush=True)
        results.append((name, passed, output))
    return results


def format_all() -> int:
    """Formats the C++ files in place; returns how many there are."""
    files = [str(path) for path in cpp_files()]
    if files:
        subprocess.run(["clang-format-14", "-i", *files], cwd=ROOT, check=True)
    return len(files)
