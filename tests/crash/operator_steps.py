"""What an operator does once the storm is over: tries parked records again, and waits until nothing is left to do."""

from typing import Callable

import tools_path  # noqa: F401
from devlib import flow
from devlib.deployment import Deployment

_STALL_SECONDS = 60.0


class Operator:
    """Works through the command-line client."""

    def __init__(self, deployment: Deployment):
        self._deployment = deployment
        self.retried = 0  # Parked records.

    def settle(self, is_published: Callable[[], bool]) -> None:
        """Waits until everything is published, read and decided, and nothing is parked or waits."""
        with flow.watching(self._deployment.client) as watch:
            while not is_published():
                watch.next()
            flow.wait_until_done(self._deployment, watch, self._retry_parked, _STALL_SECONDS)

    def _retry_parked(self, look: dict) -> None:
        """Records that were met alone at two crashes are set aside, be they innocent, and those of their key with them."""
        if not any(one.get("parked") for one in look["services"].values()):
            return
        client = self._deployment.client
        for one in client.json("parked", "list")["parked"]:
            client.run("parked", "retry", f"{one['service']}/{one['parked_id']}")
            self.retried += 1
