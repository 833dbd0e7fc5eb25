"""The command-line client as tools/dev and the tests use it: every question to a service goes through it."""

import json
import os
import subprocess

from .errors import DevError
from .paths import TESSERA_CLI, Layout, relative
from .services import Backends

_TIMEOUT_SECONDS = 300.0
_TOLD_MAX = 200  # Characters of one argument in an error message.


class Client:
    """Runs `tessera` for one deployment. Thread-safe."""

    def __init__(self, layout: Layout, backends: Backends):
        self.env = {**{name: value for name, value in os.environ.items() if name != "TESSERA_TOKEN"},
                    "TESSERA_VAR": str(layout.var),
                    "TESSERA_BROKERS": backends.brokers,
                    "TESSERA_TOPIC_PREFIX": backends.topic_prefix}

    @staticmethod
    def argv(*arguments: str) -> list[str]:
        if not TESSERA_CLI.exists():
            raise DevError(f"{relative(TESSERA_CLI)} does not exist; build it with `tools/dev build tessera`")
        return [str(TESSERA_CLI), *arguments]

    def run(self, *arguments: str, accept: tuple[int, ...] = (0,)) -> str:
        """What the command prints; a DevError with its error text if its exit code is not accepted."""
        done = subprocess.run(self.argv(*arguments), env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=_TIMEOUT_SECONDS, check=False)
        if done.returncode not in accept:
            told = " ".join(text if len(text) <= _TOLD_MAX else text[:_TOLD_MAX] + "..." for text in arguments)
            raise DevError(f"`tessera {told}` failed ({done.returncode}):\n{done.stderr}{done.stdout}")
        return done.stdout

    def json(self, *arguments: str, accept: tuple[int, ...] = (0,)) -> dict:
        return json.loads(self.run(*arguments, "--json", accept=accept))

    def call(self, service: str, method: str, **request) -> dict:
        """One call by name, such as call("oneid", "AdminService/GetStatistics", brand_id="retail")."""
        return json.loads(self.run("call", "--service", service, method, json.dumps(request)))

    def pages(self, service: str, method: str, items: str, **request):
        """All items of a list method, page by page."""
        token = ""
        while True:
            page = self.call(service, method, **request, page_token=token)
            yield from page.get(items, [])
            token = page.get("next_page_token", "")
            if not token:
                return
