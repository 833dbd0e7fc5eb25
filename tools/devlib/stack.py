"""One running stack: Postgres, Kafka and, if wanted, the services; started in order and stopped in reverse."""

import contextlib
import fcntl
import shutil
from typing import Iterator

from . import kafka as kafka_module
from . import ports as ports_module
from . import postgres as postgres_module
from . import processes, secrets, services
from .deployment import Deployment
from .errors import DevError
from .kafka import Kafka
from .paths import Layout, relative
from .postgres import Postgres
from .services import Backends


class Stack:
    """The stack of one layout. `infrastructure` and then `deployment().start` bring it up; `stop` ends all of it."""

    def __init__(self, layout: Layout, shared_buffers_mb: int = postgres_module.SHARED_BUFFERS_MB,
                 kafka_tls: bool = False):
        self.layout = layout
        self._kafka_tls = kafka_tls
        self._shared_buffers_mb = shared_buffers_mb
        self.postgres: Postgres | None = None
        self.kafka: Kafka | None = None

    def infrastructure(self) -> None:
        """Starts Postgres and Kafka, or joins them if they run."""
        self.layout.create()
        secrets.make_all(self.layout)
        names = [*ports_module.INFRASTRUCTURE, *(["kafka.tls"] if self._kafka_tls else [])]
        ports = ports_module.assign(self.layout, names)
        self.postgres = Postgres(self.layout, ports["postgres"], self._shared_buffers_mb)
        self.kafka = Kafka(self.layout, ports["kafka"], ports["kafka.controller"],
                           tls_port=ports["kafka.tls"] if self._kafka_tls else None)
        self.postgres.start()
        self.kafka.start()

    def deployment(self, names: list[str] | None = None) -> Deployment:
        """The services (all, or those named) on this stack's Postgres and Kafka, not started yet."""
        return Deployment(self.layout, Backends(self.postgres.admin_dsn(), self.kafka.brokers), names)

    def require_down(self) -> None:
        """A DevError if it is up; forgets processes that have ended by themselves."""
        runs = {process.name for process in running(self.layout)}
        ended = [name for name in processes.recorded(self.layout) if name not in runs]
        if runs and ended:
            raise DevError(f"it is up, but {', '.join(ended)} ended by itself (`tools/dev logs {ended[0]}`); "
                           "`tools/dev down`, then `tools/dev up` starts all of it again, with its data")
        if runs:
            raise DevError("it is up already (see `tools/dev status`); end it with `tools/dev down` first")
        stop(self.layout)

    def up(self, count: int, fresh: bool, mtls: bool) -> None:
        """Everything, with the data of the last run unless a fresh start is wanted; on failure nothing stays up."""
        self.require_down()
        if fresh:
            remove_data(self.layout)
        with undone_on_failure(self.layout):
            self.infrastructure()
            self.deployment().start(count, mtls)


def stop(layout: Layout) -> None:
    """Stops whatever is recorded: first the services, then Kafka, then Postgres."""
    with processes.signals_deferred():
        services.stop_all(layout)
        kafka_module.stop(layout)
        postgres_module.stop(layout)


def remove_data(layout: Layout, logs: bool = True) -> None:
    """Deletes databases, topics and, if asked, logs; keeps keys and ports. The stack must be down."""
    postgres_module.remove(layout)
    kafka_module.remove(layout)
    if logs:
        shutil.rmtree(layout.log, ignore_errors=True)


def running(layout: Layout) -> list[processes.Process]:
    found = (processes.find(layout, name) for name in processes.recorded(layout))
    return [process for process in found if process]


@contextlib.contextmanager
def undone_on_failure(layout: Layout) -> Iterator[None]:
    """Stops the stack if the block fails or is interrupted."""
    try:
        yield
    except BaseException:
        stop(layout)
        raise


@contextlib.contextmanager
def exclusive(layout: Layout) -> Iterator[None]:
    """Only one tools/dev at a time changes a layout."""
    layout.var.mkdir(parents=True, exist_ok=True)
    with (layout.var / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DevError(f"another tools/dev is working in {relative(layout.var)}; "
                           "wait for it or interrupt it") from None
        yield


def table(layout: Layout) -> str:
    """What runs, with pids and ports, for people."""
    ports = ports_module.load(layout)
    rows = [("WHAT", "STATE", "PID", "PORTS")]
    for name in processes.recorded(layout):
        process = processes.find(layout, name)
        own = [f"{key.partition('.')[2] or 'port'} {port}" for key, port in ports.items()
               if key.split(".")[0] == name]
        rows.append((name, _state(name, process, ports), str(process.pid) if process else "-", ", ".join(own)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join("  ".join([*(row[i].ljust(widths[i]) for i in range(3)), row[3]]).rstrip() for row in rows)


def _state(name: str, process: processes.Process | None, ports: dict[str, int]) -> str:
    if process is None:
        return "ended"
    metrics = ports.get(f"{name}.metrics")
    if metrics is None:
        return "running"
    return "ready" if services.is_healthy(f"http://127.0.0.1:{metrics}/healthz") else "not ready"
