"""`tools/dev crash`: work goes on while everything is killed, cut and filled; an auditor judges what is left."""

import argparse
import subprocess

from . import build, install, processes
from .errors import DevError
from .paths import BUILD, ROOT

MINUTES = 5.0
KILLS = 24
_TARGETS = ["tessera", "tessera-oneid", "tessera-membership"]
_PYTHON = "/usr/bin/python3"  # Debian's, which has the packages that the harness needs.
_PROTOS = BUILD / "python"
_HARNESS = ROOT / "tests" / "crash"


def run(args: argparse.Namespace) -> int:
    """Installs, builds, and runs the harness."""
    install.install_all()
    build.build(targets=_TARGETS)
    return harness(args.seed, args.kills, args.minutes)


def harness(seed: int, kills: int, minutes: float) -> int:
    """Runs the harness on what is built; its exit code."""
    make_protos()
    argv = [_PYTHON, str(_HARNESS / "main.py"), "--seed", str(seed), "--kills", str(kills), "--minutes", str(minutes)]
    return processes.run_in_group(argv, cwd=ROOT)[0]


def make_protos() -> None:
    """The message classes of all protos, for Python."""
    _PROTOS.mkdir(parents=True, exist_ok=True)
    protos = sorted(path for folder in ("tessera", "google") for path in (ROOT / "proto" / folder).rglob("*.proto"))
    done = subprocess.run(["protoc", f"-I{ROOT / 'proto'}", f"--python_out={_PROTOS}", *map(str, protos)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DevError(f"protoc could not make the message classes:\n{done.stderr}")
