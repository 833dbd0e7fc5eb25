"""Free loopback ports, chosen once per stack and kept, so that two clones run side by side."""

import json
import random
import socket

from .errors import DevError
from .paths import Layout

# Below the kernel's range for outgoing connections, so that none of those can take a port between two starts.
_LOWEST, _HIGHEST = 20000, 32000
INFRASTRUCTURE = ("postgres", "kafka", "kafka.controller")


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _choose(taken: set[int]) -> int:
    for _ in range(10_000):
        port = random.randint(_LOWEST, _HIGHEST)
        if port not in taken and is_free(port):
            return port
    raise DevError(f"no free port between {_LOWEST} and {_HIGHEST} on 127.0.0.1; stop something that listens there")


def load(layout: Layout) -> dict[str, int]:
    """The ports of the last start, by name; empty if there was none."""
    try:
        return json.loads(layout.ports_file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def assign(layout: Layout, names: list[str], beside: tuple[str, ...] | None = None) -> dict[str, int]:
    """A free port for each name, the same as last time where it is still free; stored in the layout.

    Of all other names only those in `beside` stay stored (None: all), so that clients ask nothing that does not run.
    """
    kept = load(layout)
    result: dict[str, int] = {}
    for name in names:
        port = kept.get(name)
        if port is None or port in result.values() or not is_free(port):
            port = _choose(set(kept.values()) | set(result.values()))
        result[name] = port
    stay = {name: port for name, port in kept.items() if beside is None or name in beside}
    layout.ports_file.write_text(json.dumps(stay | result, indent=2) + "\n")
    return result
