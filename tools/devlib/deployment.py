"""The services on given backends: migrated, started, called, killed, started again."""

import os
from typing import Callable

from . import certs, ports, processes, secrets, services
from .client import Client
from .errors import DevError
from .paths import Layout
from .services import Backends, Instance


class Deployment:
    """Some services (all by default) with their processes recorded in one layout."""

    def __init__(self, layout: Layout, backends: Backends, names: list[str] | None = None):
        self.layout = layout
        self.backends = backends
        self.names = names or services.names()
        self.instances: list[Instance] = []
        self._ports: dict[str, int] = {}

    @property
    def client(self) -> Client:
        """The command-line client, told where these services are."""
        return Client(self.layout, self.backends)

    def start(self, count: int, mtls: bool = False,
              env_of: Callable[[Instance], dict[str, str]] = lambda _: {}) -> None:
        """Migrates every service, starts `count` processes of each, and waits until all are ready.

        `env_of` tells what a process finds in its environment beyond the usual.
        """
        self.layout.create()
        certs.switch(self.layout, mtls)
        secrets.make_all(self.layout)
        self.instances = services.instances(count, self.names)
        names = [name for one in self.instances for name in one.port_names]
        self._ports = ports.assign(self.layout, names, beside=ports.INFRASTRUCTURE)
        for service in self.names:
            services.migrate(self.layout, service, self.backends)
        for instance in self.instances:
            self.begin(instance, env_of(instance))
        for instance in self.instances:
            services.wait(self.layout, instance, self._ports)

    def begin(self, instance: Instance, more_env: dict[str, str] | None = None) -> None:
        """Starts one process without waiting for it."""
        services.start(self.layout, instance, self._ports, self.backends, self._writers(), more_env)

    def is_ready(self, instance: Instance) -> bool:
        """Whether the process says that it serves."""
        return services.is_healthy(f"http://127.0.0.1:{self._ports[f'{instance.name}.metrics']}/healthz")

    def address(self, name: str) -> str:
        """Where the process of this name, such as "oneid-1", answers calls."""
        return f"127.0.0.1:{self._ports[f'{name}.grpc']}"

    def _writers(self) -> int:
        """Writers of one process: one per core that it has to itself; TESSERA_WRITERS overrules."""
        return int(os.environ.get("TESSERA_WRITERS") or max(1, (os.cpu_count() or 1) // len(self.instances)))

    def kill(self, instance: Instance) -> None:
        """Ends one process as a crash would."""
        services.kill(self.layout, instance)

    def restart(self, instance: Instance, more_env: dict[str, str] | None = None) -> None:
        """Starts a process that was killed, and waits until it is ready."""
        self.begin(instance, more_env)
        services.wait(self.layout, instance, self._ports)

    def require_running(self) -> None:
        """A DevError with the end of its log if a process has ended by itself."""
        for instance in self.instances:
            if processes.find(self.layout, instance.name) is None:
                raise DevError(f"{instance.name} has ended\n{processes.log_tail(self.layout, instance.name)}")

    def resident_mb(self) -> dict[str, int]:
        return {instance.name: services.resident_mb(self.layout, instance) for instance in self.instances}

    def stop(self) -> None:
        """Drains every process."""
        services.stop_all(self.layout)
