"""The service processes: which there are, how each is migrated, started and known to be ready."""

import os
import signal
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from . import certs, dsn, processes, secrets
from .errors import DevError
from .paths import CMAKE_BUILD, ROOT, Layout

_READY_SECONDS = 60.0


@dataclass(frozen=True)
class Backends:
    """What services stand on: a database, a broker, and what is put before every topic's name there."""

    admin_dsn: str
    brokers: str
    topic_prefix: str = ""


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


def instances(count: int, of: list[str] | None = None) -> list[Instance]:
    return [Instance(service, number) for service in of or names() for number in range(1, count + 1)]


def _binary(service: str) -> Path:
    path = CMAKE_BUILD / "services" / service / f"tessera-{service}"
    if not path.exists():
        raise DevError(f"{path.relative_to(ROOT)} does not exist; build it with `tools/dev build`")
    return path


def migrate(layout: Layout, service: str, backends: Backends, more_env: dict[str, str] | None = None) -> None:
    """Creates the service's role and schema and runs its migrations."""
    env = {**os.environ, "TESSERA_ADMIN_DSN": backends.admin_dsn,
           "TESSERA_DB_PASSWORD": secrets.password(layout, service), **(more_env or {})}
    done = subprocess.run([_binary(service), "migrate"], cwd="/", env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise DevError(f"the migrations of {service} failed (exit {done.returncode}):\n{done.stdout}")


def start(layout: Layout, instance: Instance, ports: dict[str, int], backends: Backends, writers: int,
          more_env: dict[str, str] | None = None) -> None:
    """Starts the process without waiting for it. Secrets go by environment, never by argument."""
    grpc, metrics = (ports[name] for name in instance.port_names)
    env = {**os.environ,
           "TESSERA_DSN": dsn.replaced(backends.admin_dsn, user=instance.service,
                                       password=secrets.password(layout, instance.service)),
           "TESSERA_BROKERS": backends.brokers,
           "TESSERA_TOPIC_PREFIX": backends.topic_prefix,
           "TESSERA_LISTEN": f"127.0.0.1:{grpc}",
           "TESSERA_METRICS_LISTEN": f"127.0.0.1:{metrics}",
           "TESSERA_JWKS": str(secrets.jwks_file(layout)),
           "TESSERA_KEY_FILE": str(secrets.key_file(layout)),
           "TESSERA_INSTANCE": instance.name,
           "TESSERA_WRITERS": str(writers),
           **certs.environment(layout),
           **(more_env or {})}
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


def kill(layout: Layout, instance: Instance) -> None:
    """Ends the process as a crash would (kill -9), and waits until it is gone."""
    process = processes.find(layout, instance.name)
    if process is None:
        raise DevError(f"{instance.name} does not run")
    processes.signal_process(process, signal.SIGKILL)
    if processes.wait_for_end([process], 10.0):
        raise DevError(f"{instance.name} outlived kill -9")
    (layout.run / f"{instance.name}.pid").unlink(missing_ok=True)


def resident_mb(layout: Layout, instance: Instance) -> int:
    """Resident memory of the running process, rounded up."""
    process = processes.find(layout, instance.name)
    if process is None:
        raise DevError(f"{instance.name} does not run\n{processes.log_tail(layout, instance.name)}")
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return -(-int(line.split()[1]) // 1024)
    raise DevError(f"the kernel does not tell the memory of {instance.name}")


def stop_all(layout: Layout) -> None:
    """Drains every recorded service process."""
    others = [name for name in processes.recorded(layout) if name not in ("postgres", "kafka")]
    processes.stop_all(layout, others, deadline_seconds=15.0)
