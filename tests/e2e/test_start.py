"""A service that starts while the broker or the database is away does what it can, and the rest when they are back."""

import secrets
import sys
import unittest
import uuid

import world
from devlib import dsn, ports, processes, retail
from devlib import secrets as stored
from devlib.deployment import Deployment
from devlib.paths import ROOT

sys.path.append(str(ROOT / "tests" / "crash"))

from link import Link  # noqa: E402


def _closed_port(deployment: Deployment) -> int:
    return ports.assign(deployment.layout, ["away"])["away"]


class StartTest(unittest.TestCase):

    def _open(self, port: int, target_port: int) -> None:
        """From now on the port leads to the target."""
        self.addCleanup(Link("a backend", port, target_port).close)

    @staticmethod
    def _run(deployment: Deployment, sql: str) -> str:
        return dsn.run(deployment.backends.admin_dsn, sql).strip()

    def test_without_the_broker_calls_are_served_and_events_kept(self):
        deployment = self.enterContext(world.shop())
        customer = world.a_member(deployment)
        instance = next(one for one in deployment.instances if one.service == "membership")
        host, port = deployment.backends.brokers.rsplit(":", 1)
        self.assertEqual(host, "127.0.0.1")
        away = _closed_port(deployment)
        deployment.kill(instance)
        deployment.begin(instance, {"TESSERA_BROKERS": f"127.0.0.1:{away}",
                                    "TESSERA_TOPIC_PREFIX": f"start_{secrets.token_hex(4)}"})
        world.awaited(lambda: deployment.is_ready(instance))
        earn = {"brand_id": retail.BRAND, "customer_id": customer, "amount": 7,
                "request_id": str(uuid.uuid4())}
        deployment.client.call("membership", "PointsService/EarnPoints", **earn)
        deployment.client.call("membership", "PointsService/GetBalance", brand_id=retail.BRAND, customer_id=customer)
        behind = "SELECT count(*) FROM membership.slot JOIN membership.relay_cursor c USING (log, slot) " \
                 "WHERE slot.next_seq > c.next_seq"
        self.assertNotEqual(self._run(deployment, behind), "0")
        self._open(away, int(port))
        world.awaited(lambda: self._run(deployment, behind) == "0")

    def test_without_the_database_it_waits(self):
        deployment = self.enterContext(world.shop())
        instance = next(one for one in deployment.instances if one.service == "oneid")
        away, backends = _closed_port(deployment), deployment.backends
        real = dsn.replaced(backends.admin_dsn, user="oneid", password=stored.password(deployment.layout, "oneid"))
        port = int(self._run(deployment, "SHOW port"))
        deployment.kill(instance)
        deployment.begin(instance, {"TESSERA_DSN": dsn.replaced(real, host="127.0.0.1", port=str(away))})
        world.awaited(lambda: "waiting for the database" in processes.log_tail(deployment.layout, instance.name))
        self.assertIsNotNone(processes.find(deployment.layout, instance.name))
        self.assertFalse(deployment.is_ready(instance))
        self._open(away, port)
        world.awaited(lambda: deployment.is_ready(instance))
        deployment.client.call("oneid", "AdminService/GetStatistics", brand_id=retail.BRAND)


if __name__ == "__main__":
    unittest.main()
