"""The service processes: which there are, how each is migrated, started and known to be ready."""

import os
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from . import processes, secrets
from .errors import DevError
from .kafka import Kafka
from .paths import CMAKE_BUILD, ROOT, Layout
from .postgres import Postgres

_READY_SECONDS = 60.0


@dataclass(frozen=True)
class Instance:
    """One process of a service, such as `oneid-1`."""

    service: str
    number: int

    @property
    def name(self) -> str:
        return f"{self.service}-{self.number}"

    @property
    def port_names(self) -> list[str]:
        return [f"{self.name}.grpc", f"{self.name}.metrics"]


def names() -> list[str]:
    """All services of the tree; a new one comes by itself."""
    return sorted(path.parent.name for path in (ROOT / "services").glob("*/main.cc"))


def instances(count: int) -> list[Instance]:
    return [Instance(service, number) for service in names() for number in range(1, count + 1)]


def _binary(service: str) -> Path:
    path = CMAKE_BUILD / "services" / service / f"tessera-{service}"
    if not path.exists():
        raise DevError(f"{path.relative_to(ROOT)} does not exist; build it with `tools/dev build`")
    return path


def migrate(layout: Layout, service: str, postgres: Postgres) -> None:
    """Creates the service's role and schema and runs its migrations."""
    env = {**os.environ, "TESSERA_ADMIN_DSN": postgres.admin_dsn(),
           "TESSERA_DB_PASSWORD": secrets.password(layout, service)}
    done = subprocess.run([_binary(service), "migrate"], cwd="/", env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise DevError(f"the migrations of {service} failed (exit {done.returncode}):\n{done.stdout}")


def start(layout: Layout, instance: Instance, ports: dict[str, int], postgres: Postgres, kafka: Kafka) -> None:
    """Starts the process without waiting for it. Secrets go by environment, never by argument."""
    grpc, metrics = (ports[name] for name in instance.port_names)
    env = {**os.environ,
           "TESSERA_DSN": postgres.dsn(instance.service, secrets.password(layout, instance.service)),
           "TESSERA_BROKERS": kafka.brokers,
           "TESSERA_LISTEN": f"127.0.0.1:{grpc}",
           "TESSERA_METRICS_LISTEN": f"127.0.0.1:{metrics}",
           "TESSERA_JWKS": str(secrets.jwks_file(layout)),
           "TESSERA_KEY_FILE": str(secrets.key_file(layout)),
           "TESSERA_INSTANCE": instance.name}
    processes.start(layout, instance.name, [str(_binary(instance.service)), "serve"], env=env)


def wait(layout: Layout, instance: Instance, ports: dict[str, int]) -> None:
    """Waits until /healthz of the started process says that it is ready."""
    process = processes.find(layout, instance.name)
    if process is None:
        raise DevError(f"{instance.name} ended while starting\n{processes.log_tail(layout, instance.name)}")
    url = f"http://127.0.0.1:{ports[f'{instance.name}.metrics']}/healthz"
    processes.wait_until_ready(layout, process, lambda: is_healthy(url), _READY_SECONDS)


def is_healthy(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


def stop_all(layout: Layout) -> None:
    """Drains every recorded service process."""
    others = [name for name in processes.recorded(layout) if name not in ("postgres", "kafka")]
    processes.stop_all(layout, others, deadline_seconds=15.0)
