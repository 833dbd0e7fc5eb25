"""`tools/dev crash`: work goes on while everything is killed, cut and filled; an auditor judges what is left."""

import argparse
import json
import subprocess

from . import build, install, processes
from .errors import DevError
from .paths import BUILD, CRASH, PYTHON, ROOT

MINUTES = 5.0
KILLS = 24
TARGETS = ["tessera", "tessera-oneid", "tessera-membership"]
_PROTOS = BUILD / "python"
_CASES = CRASH.var / "cases.json"
_TIER_SEED, _TIER_KILLS, _TIER_MINUTES = 1, 20, 4.0  # The same in every run of the tests, within eight minutes in all.
_HARNESS = ROOT / "tests" / "crash"


def run(args: argparse.Namespace) -> int:
    """Installs, builds, and runs the harness."""
    install.install_all()
    build.build(targets=TARGETS)
    return harness(args.seed, args.kills, args.minutes)


def harness(seed: int, kills: int, minutes: float) -> int:
    """Runs the harness on what is built; its exit code."""
    make_protos()
    argv = [PYTHON, str(_HARNESS / "main.py"), "--seed", str(seed), "--kills", str(kills), "--minutes", str(minutes)]
    return processes.run_in_group(argv, cwd=ROOT)[0]


def cases() -> list[dict]:
    """The tier of the tests: one fixed run, as cases with name, passed and output."""
    _CASES.unlink(missing_ok=True)
    code = harness(_TIER_SEED, _TIER_KILLS, _TIER_MINUTES)
    if not _CASES.exists():
        return [{"name": "crash harness", "passed": False, "output": f"it exited with {code} and left no result"}]
    return json.loads(_CASES.read_text())


def make_protos() -> None:
    """The message classes of all protos, for Python."""
    _PROTOS.mkdir(parents=True, exist_ok=True)
    protos = sorted(path for folder in ("tessera", "google") for path in (ROOT / "proto" / folder).rglob("*.proto"))
    done = subprocess.run(["protoc", f"-I{ROOT / 'proto'}", f"--python_out={_PROTOS}", *map(str, protos)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DevError(f"protoc could not make the message classes:\n{done.stderr}")
