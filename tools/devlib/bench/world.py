"""What the rounds run on: a private Postgres and Kafka, databases made alike, and the program that runs one round."""

import contextlib
import json
import os
import subprocess
from dataclasses import dataclass, replace
from typing import Iterator

from .. import dsn, secrets, services, stack
from ..errors import DevError
from ..paths import BENCH, CMAKE_BUILD
from ..services import Backends

PROGRAM = CMAKE_BUILD / "tests" / "bench" / "tessera_bench"
_ROUND_SECONDS = 900.0


@dataclass(frozen=True)
class Scale:
    """How much is done: of each row, rounds and operations."""

    rounds: int
    share: float  # of the operations of a full round
    long: bool = False

    def of(self, operations: int, least: int = 200) -> int:
        return max(least, round(operations * self.share))


QUICK = Scale(rounds=1, share=0.02)
FULL = Scale(rounds=5, share=1.0)
LONG = replace(FULL, long=True)


def _shared_buffers_mb() -> int:
    """A quarter of the machine's memory, as a database that has the machine to itself is given."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4 // 2**20


class World:
    """The stack of the benchmarks, and their databases by name. Everything is gone at its end."""

    def __init__(self, scale: Scale):
        self.scale = scale
        self._stack = stack.Stack(BENCH, _shared_buffers_mb())

    @property
    def brokers(self) -> str:
        return self._stack.kafka.brokers

    def backends(self, database: str, topic_prefix: str = "") -> Backends:
        return Backends(dsn.replaced(self._stack.postgres.admin_dsn(), dbname=database), self.brokers, topic_prefix)

    def start(self) -> None:
        self._stack.infrastructure()

    def migrated(self, database: str, *names: str) -> str:
        """A new database with the schemas of these services."""
        self._run(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        self._run(f"CREATE DATABASE {database}")
        for name in names:
            services.migrate(BENCH, name, self.backends(database))
        return database

    def copied(self, database: str, template: str, checkpoint: bool = True) -> str:
        """A new database with all that the template holds, settled: so that all sides start alike."""
        self._run(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        self._run(f"CREATE DATABASE {database} TEMPLATE {template}")
        self.settle(database, checkpoint)
        return database

    def settle(self, database: str, checkpoint: bool = True) -> None:
        """What a database at rest has long done: statistics and visibility known, dirty pages written."""
        dsn.run(self.backends(database).admin_dsn, "VACUUM ANALYZE")
        if checkpoint:
            self._run("CHECKPOINT")

    def dsn_of(self, database: str, service: str) -> str:
        """The connection string of a service's role, which finds its own tables."""
        return dsn.replaced(self.backends(database).admin_dsn, user=service, password=secrets.password(BENCH, service))

    def sql(self, database: str, service: str, statement: str) -> str:
        """Runs one statement as the service's role."""
        return dsn.run(self.dsn_of(database, service), statement)

    def environment(self, database: str, service: str) -> dict[str, str]:
        """What tessera_bench is told; secrets go no other way."""
        admin_dsn = dsn.replaced(self.backends(database).admin_dsn, options=f"-csearch_path={service}")
        return {"TESSERA_BENCH_DSN": self.dsn_of(database, service),
                "TESSERA_BENCH_ADMIN_DSN": admin_dsn,
                "TESSERA_BENCH_BROKERS": self.brokers,
                "TESSERA_BENCH_KEY_FILE": str(secrets.key_file(BENCH)),
                "TESSERA_BENCH_JWKS": str(secrets.jwks_file(BENCH))}

    def round(self, command: str, database: str, service: str = "membership", env: dict[str, str] | None = None,
              **how: object) -> dict:
        """Runs one command of tessera_bench with these flags, and returns what it measured."""
        argv = [str(PROGRAM), command, *flags(how)]
        done = subprocess.run(argv, env={**os.environ, **self.environment(database, service), **(env or {})},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_ROUND_SECONDS,
                              check=False)
        if done.returncode != 0:
            raise DevError(f"`{' '.join(argv)}` failed ({done.returncode}):\n{done.stderr}{done.stdout}")
        return json.loads(done.stdout.splitlines()[-1])

    def rate(self, command: str, database: str, service: str = "membership", **how: object) -> float:
        """Operations per second of one round."""
        result = self.round(command, database, service, **how)
        return result["operations"] / result["seconds"]

    def _run(self, statement: str) -> None:
        dsn.run(self._stack.postgres.admin_dsn(), statement)


def flags(how: dict[str, object]) -> list[str]:
    """As tessera_bench is told them."""
    return [f"--{name}={value}" for name, value in how.items()]


@contextlib.contextmanager
def running(scale: Scale) -> Iterator[World]:
    """A world on fresh clusters, which are stopped and emptied at the end."""
    with stack.exclusive(BENCH):
        stack.stop(BENCH)  # What a killed run may have left.
        stack.remove_data(BENCH)
        try:
            world = World(scale)
            world.start()
            yield world
        finally:
            stack.stop(BENCH)
            stack.remove_data(BENCH, logs=False)
