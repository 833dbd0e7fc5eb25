"""Where things are: the clone, its build output, and the folders of one running stack."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
PRESET = os.environ.get("TESSERA_PRESET", "dev")  # of CMakePresets.json
CMAKE_BUILD = BUILD / PRESET
KAFKA_JARS = BUILD / "kafka"
NODE_TOOLS = BUILD / "tools"
VAR = ROOT / "var"
POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")
PYTHON = "/usr/bin/python3"  # Debian's, which has the packages that harness and tests need.
TESSERA_CLI = CMAKE_BUILD / "tools" / "tessera" / "tessera"


@dataclass(frozen=True)
class Layout:
    """The folders of one stack (Postgres, Kafka, services). Two stacks never share a layout."""

    var: Path

    @property
    def secrets(self) -> Path:
        return self.var / "secrets"

    @property
    def run(self) -> Path:
        return self.var / "run"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def postgres(self) -> Path:
        return self.var / "pg"

    @property
    def kafka(self) -> Path:
        return self.var / "kafka"

    @property
    def ports_file(self) -> Path:
        return self.var / "ports.json"

    def create(self) -> None:
        """Makes the folders; those with secrets are for the owner only."""
        for folder in (self.var, self.run, self.log):
            folder.mkdir(parents=True, exist_ok=True)
        self.secrets.mkdir(mode=0o700, exist_ok=True)


UP = Layout(VAR)
TEST = Layout(VAR / "test")
CRASH = Layout(VAR / "crash")
BENCH = Layout(VAR / "bench")


def relative(path: Path) -> str:
    """The path as a user in the clone would type it."""
    try:
        return str(path.relative_to(ROOT))
    except ValueError:
        return str(path)


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read; replaces atomically."""
    scratch = path.with_name(path.name + ".new")
    scratch.unlink(missing_ok=True)
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    scratch.replace(path)
