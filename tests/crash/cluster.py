"""The stack that is broken on purpose: services that reach Postgres and Kafka only through proxies."""

import mmap
import resource
import signal
import struct
from pathlib import Path

import tools_path  # noqa: F401
from devlib import dsn, ports, processes, retail, secrets, services, stack
from devlib import kafka as kafka_module
from devlib import postgres as postgres_module
from devlib.deployment import Deployment
from devlib.errors import DevError
from devlib.kafka import Kafka
from devlib.paths import Layout
from devlib.postgres import Postgres
from devlib.services import Backends, Instance

from link import Link

_LINKS = ("postgres.proxy", "kafka.proxy")
_END_SECONDS = 20.0
MIGRATION_POINT = "migrate.before_commit"


class OffsetClock:
    """The file by which the clock of one instance is off; its process follows at once."""

    def __init__(self, path: Path):
        self.path = path
        path.write_bytes(struct.pack("=q", 0))
        with path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), 8)

    def set_ms(self, offset_ms: int) -> None:
        self._page[:] = struct.pack("=q", offset_ms)


class Cluster:
    """Postgres, the broker, their proxies and two instances of each service, each of which can be harmed by itself."""

    def __init__(self, layout: Layout):
        self.layout = layout
        stack.stop(layout)  # What a killed run may have left.
        stack.remove_data(layout)
        layout.create()
        secrets.make_all(layout)
        names = [*ports.INFRASTRUCTURE, *_LINKS]
        chosen = ports.assign(layout, names)
        self._postgres = Postgres(layout, chosen["postgres"])
        self._kafka = Kafka(layout, chosen["kafka"], chosen["kafka.controller"], chosen["kafka.proxy"])
        self._postgres.start()
        self._kafka.start()
        self.links = {"postgres": Link("postgres", chosen["postgres.proxy"], chosen["postgres"]),
                      "kafka": Link("kafka", chosen["kafka.proxy"], chosen["kafka"])}
        self.admin_dsn = self._postgres.admin_dsn()
        self.brokers = self._kafka.brokers
        through = dsn.replaced(self.admin_dsn, host="127.0.0.1", port=str(chosen["postgres.proxy"]))
        self.deployment = Deployment(layout, Backends(through, self.brokers), retail.SERVICES)
        self.clocks: dict[str, OffsetClock] = {}
        self._clock_base_seconds = 0.0
        self.killed_migrations: list[str] = []

    def start(self, instances: int) -> None:
        """Migrates, killed before the commit at first, and starts the services, unharmed."""
        for service in self.deployment.names:
            try:
                services.migrate(self.layout, service, self.deployment.backends,
                                 {"TESSERA_FAULTS": f"{MIGRATION_POINT}=kill@2"})
            except DevError as error:
                if f'"fault_point":"{MIGRATION_POINT}"' not in str(error):
                    raise
                self.killed_migrations.append(service)
        self.deployment.start(instances, env_of=self._env_of)

    def _env_of(self, instance: Instance) -> dict[str, str]:
        if instance.name not in self.clocks:
            self.clocks[instance.name] = OffsetClock(self.layout.run / f"{instance.name}.clock")
        return {"TESSERA_CLOCK_OFFSET_FILE": str(self.clocks[instance.name].path)}

    def begin(self, instance: Instance, faults: str = "") -> None:
        """Starts a process that is down, with fault points armed as TESSERA_FAULTS says."""
        self.deployment.begin(instance, self._env_of(instance) | ({"TESSERA_FAULTS": faults} if faults else {}))

    def restart(self, instance: Instance) -> None:
        """Starts a process that is down, unharmed, and waits until it is ready."""
        self.deployment.restart(instance, self._env_of(instance))

    def set_clocks(self, base_seconds: float | None = None) -> None:
        """All clocks ahead of ours by so much, or by as much as they were meant to be."""
        self._clock_base_seconds = self._clock_base_seconds if base_seconds is None else base_seconds
        for name in self.clocks:
            self.set_clock(name, 0.0)

    def set_clock(self, name: str, off_seconds: float) -> None:
        """The clock of one instance off by so much from the others."""
        self.clocks[name].set_ms(round((self._clock_base_seconds + off_seconds) * 1000))

    def kill(self, instance: Instance) -> bool:
        """Ends a process with kill -9; False if it has ended by itself."""
        if self.process(instance.name) is None:
            return False
        try:
            self.deployment.kill(instance)
        except DevError:
            if self.process(instance.name) is not None:
                raise
            return False
        return True

    def process(self, name: str) -> processes.Process | None:
        return processes.find(self.layout, name)

    def restart_postgres_at_once(self) -> None:
        """Immediate mode: no checkpoint, every session gone; recovery from the log at the next start."""
        self._end(postgres_module.NAME, signal.SIGQUIT)
        self._postgres.start()

    def kill_broker(self) -> None:
        """Kills it and starts it again, without waiting until it serves."""
        self._end(kafka_module.NAME, signal.SIGKILL)
        self._kafka.begin()

    def limit_files_of_broker(self, bytes_max: int | None) -> None:
        """From now on no file of the broker can grow beyond a size, as if its disk were full; None: they can again."""
        process = self.process(kafka_module.NAME)
        if process is None:
            raise DevError("the broker does not run")
        hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard if bytes_max is None else bytes_max, hard))

    def broker_runs(self) -> bool:
        return self.process(kafka_module.NAME) is not None

    def begin_broker(self) -> None:
        self._kafka.begin()

    def broker_serves(self) -> bool:
        return self._kafka.serves()

    def _end(self, name: str, number: int) -> None:
        process = self.process(name)
        if process is None:
            return
        processes.signal_process(process, number)
        if processes.wait_for_end([process], _END_SECONDS):
            raise DevError(f"{name} outlived signal {number}")
        (self.layout.run / f"{name}.pid").unlink(missing_ok=True)

    def close(self) -> None:
        stack.stop(self.layout)
        for link in self.links.values():
            link.close()
