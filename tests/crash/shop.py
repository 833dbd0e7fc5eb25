"""The real shop's year, dirt and all, published while everything breaks: its figures are those of the file alone."""

import json
import subprocess
import sys
from pathlib import Path

import tools_path
from devlib import retail
from devlib.client import Client
from devlib.deployment import Deployment

from violation import Violation

_ANCHOR = "2026-03-01"  # Past, so that every event of the replay is.
_RECOMPUTE = tools_path.ROOT / "tests" / "e2e" / "recompute.py"
_COMPARED = ("published", "identity", "membership", "top_members")
_RECORDS = 42_000  # About as many as are published.


class Shop:
    """One replay, published over so many seconds at least."""

    def __init__(self, client: Client, seconds: float, log: Path):
        retail.set_up(client)
        self._log = log.open("w")
        self._recomputed = self._start([sys.executable, str(_RECOMPUTE), str(retail.DATA), "--anchor", _ANCHOR], None)
        self._publisher = self._start(client.argv("replay", str(retail.DATA), "--brand", retail.BRAND, "--json",
                                                  "--anchor", _ANCHOR, "--rate", str(_RECORDS / seconds)), client.env)

    def _start(self, argv: list[str], env: dict[str, str] | None) -> subprocess.Popen:
        return subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log,
                                text=True, start_new_session=True)

    def is_published(self) -> bool:
        return self._publisher.poll() is not None

    def judge(self, deployment: Deployment) -> list[Violation]:
        """The report that the services give against the one that the file gives. Nothing may be under way any more."""
        published, expected = self._publisher.communicate()[0], self._recomputed.communicate()[0]
        if self._publisher.returncode != 0:
            return [Violation("replay not published", retail.BRAND, f"see {self._log.name}")]
        run = retail.Run(json.loads(published)["published"], 0.0, 0, 0)
        found, wanted = retail.report(deployment, run), json.loads(expected)
        violations = [Violation("other figure", f"{group}", f"there is {found[group]}, by the file {wanted[group]}")
                      for group in _COMPARED if found[group] != wanted[group]]
        return violations + [Violation("invariant broken", name, f"{count} times")
                             for name, count in found["invariants"].items() if count]

    def close(self) -> None:
        for child in (self._publisher, self._recomputed):
            child.kill()
            child.wait()
            child.stdout.close()
        self._log.close()
