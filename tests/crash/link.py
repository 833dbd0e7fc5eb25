"""The proxy between the services and one of their backends, as a process of its own."""

import subprocess
import sys
import threading
from pathlib import Path

_PROGRAM = Path(__file__).with_name("proxy.py")


class Link:
    """Thread-safe. Ends with `close`, or with us."""

    def __init__(self, name: str, port: int, target_port: int):
        self._lock = threading.Lock()
        self._child = subprocess.Popen([sys.executable, str(_PROGRAM), str(port), str(target_port)], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        if self._child.stdout.readline().strip() != "ready":
            raise RuntimeError(f"the proxy to {name} did not start")

    def _order(self, line: str) -> int:
        with self._lock:
            self._child.stdin.write(line + "\n")
            self._child.stdin.flush()
            return int(self._child.stdout.readline())

    def cut(self) -> int:
        """Resets every connection; how many there were."""
        return self._order("cut")

    def stall(self, seconds: float) -> int:
        """Lets nothing through for a while; how many connections there were."""
        return self._order(f"stall {round(seconds * 1000)}")

    def close(self) -> None:
        self._child.stdin.close()
        self._child.wait()
        self._child.stdout.close()
