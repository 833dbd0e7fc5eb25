"""Configures and builds the C++ tree with the one preset that demo and tests share."""

import os

from .errors import DevError
from .paths import CMAKE_BUILD, PRESET, ROOT
from .processes import run_in_group


def build(jobs: int | None = None, targets: list[str] | None = None) -> None:
    """Builds everything, or just the targets; only what has changed."""
    if not (ROOT / "CMakeLists.txt").exists():
        print("build: no CMakeLists.txt, nothing to build", flush=True)
        return
    configure()
    argv = ["cmake", "--build", "--preset", PRESET, "-j", str(jobs or os.cpu_count() or 2)]
    _run(argv + (["--target", *targets] if targets else []), "building")


def configure() -> None:
    """Makes the build's files, if they are missing or older than what they are made of."""
    if not _is_configured():
        _run(["cmake", "--preset", PRESET], "configuring")
    _run(["ninja", "--quiet", "-C", str(CMAKE_BUILD), "build.ninja"], "configuring")


def _is_configured() -> bool:
    """Whether Ninja's file is there and no older than the presets, which Ninja does not watch."""
    made, presets = CMAKE_BUILD / "build.ninja", ROOT / "CMakePresets.json"
    return made.exists() and made.stat().st_mtime >= presets.stat().st_mtime


def _run(argv: list[str], doing: str) -> None:
    code, _ = run_in_group(argv, cwd=ROOT)
    if code != 0:
        raise DevError(f"{doing} failed (output above): `{' '.join(argv)}` exited with {code}")
