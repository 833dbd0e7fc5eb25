"""A service that starts while the broker or the database is away does what it can, and the rest when they are back; it
ends whether they are or not."""

import secrets
import signal
import sys
import unittest
import uuid

import world
from confluent_kafka.admin import AdminClient, NewTopic
from devlib import dsn, ports, processes, retail
from devlib import secrets as stored
from devlib.deployment import Deployment
from devlib.paths import ROOT
from devlib.services import Instance

sys.path.append(str(ROOT / "tests" / "crash"))

from link import Link  # noqa: E402


_STOP_SECONDS = 10.0  # The service takes half of it at most.


def _closed_port(deployment: Deployment, name: str = "away") -> int:
    return ports.assign(deployment.layout, [name])[name]


def _instance(deployment: Deployment, service: str) -> Instance:
    return next(one for one in deployment.instances if one.service == service)


def _without_broker(away: int) -> dict[str, str]:
    """For a service that has not met its topics."""
    return {"TESSERA_BROKERS": f"127.0.0.1:{away}", "TESSERA_TOPIC_PREFIX": f"start_{secrets.token_hex(4)}"}


def _through(deployment: Deployment, service: str, port: int) -> dict[str, str]:
    """For a service that finds the database at a port of ours."""
    password = stored.password(deployment.layout, service)
    return {"TESSERA_DSN": dsn.replaced(deployment.backends.admin_dsn, user=service, password=password, host="127.0.0.1",
                                        port=str(port))}


def _earn(deployment: Deployment, customer: str) -> None:
    deployment.client.call("membership", "PointsService/EarnPoints", brand_id=retail.BRAND, customer_id=customer, amount=7,
                           request_id=str(uuid.uuid4()))


class StartTest(unittest.TestCase):

    def _open(self, port: int, target_port: int) -> Link:
        """From now on the port leads to the target."""
        link = Link("a backend", port, target_port)
        self.addCleanup(link.close)
        return link

    def _broker_port(self, deployment: Deployment) -> int:
        host, port = deployment.backends.brokers.rsplit(":", 1)
        self.assertEqual(host, "127.0.0.1")
        return int(port)

    @staticmethod
    def _run(deployment: Deployment, sql: str) -> str:
        return dsn.run(deployment.backends.admin_dsn, sql).strip()

    def test_without_the_broker_calls_are_served_and_events_kept(self):
        deployment = self.enterContext(world.shop())
        customer = world.a_member(deployment)
        instance = _instance(deployment, "membership")
        away = _closed_port(deployment)
        deployment.kill(instance)
        deployment.begin(instance, _without_broker(away))
        world.awaited(lambda: deployment.is_ready(instance))
        _earn(deployment, customer)
        deployment.client.call("membership", "PointsService/GetBalance", brand_id=retail.BRAND, customer_id=customer)
        behind = "SELECT count(*) FROM membership.slot JOIN membership.relay_cursor c USING (log, slot) " \
                 "WHERE slot.next_seq > c.next_seq"
        self.assertNotEqual(self._run(deployment, behind), "0")
        self._open(away, self._broker_port(deployment))
        world.awaited(lambda: self._run(deployment, behind) == "0")

    def test_other_partitions_that_are_found_when_the_broker_is_back_end_it(self):
        deployment = self.enterContext(world.shop())
        instance, away = _instance(deployment, "membership"), _closed_port(deployment)
        without_broker = _without_broker(away)
        topic = f"{without_broker['TESSERA_TOPIC_PREFIX']}.tessera.membership.events.v1"
        admin = AdminClient({"bootstrap.servers": deployment.backends.brokers})
        admin.create_topics([NewTopic(topic, 3, 1)])[topic].result()
        deployment.kill(instance)
        deployment.begin(instance, without_broker)
        world.awaited(lambda: deployment.is_ready(instance))
        process = processes.find(deployment.layout, instance.name)
        self._open(away, self._broker_port(deployment))
        world.awaited(lambda: not process.is_running())
        self.assertIn(f"error: topic {topic} has 3 partitions, not 16",
                      processes.log_tail(deployment.layout, instance.name))

    def test_it_ends_soon_while_both_are_away(self):
        deployment = self.enterContext(world.shop())
        customer, instance = world.a_member(deployment), _instance(deployment, "membership")
        port = _closed_port(deployment, "database")
        link = self._open(port, int(self._run(deployment, "SHOW port")))
        deployment.kill(instance)
        deployment.begin(instance, {**_without_broker(_closed_port(deployment)),
                                    **_through(deployment, "membership", port)})
        world.awaited(lambda: deployment.is_ready(instance))
        _earn(deployment, customer)
        self.assertGreater(link.stall(60.0), 0)
        process = processes.find(deployment.layout, instance.name)
        processes.signal_process(process, signal.SIGTERM)
        self.assertEqual(processes.wait_for_end([process], _STOP_SECONDS), [])

    def test_without_the_database_it_waits(self):
        deployment = self.enterContext(world.shop())
        instance, away = _instance(deployment, "oneid"), _closed_port(deployment)
        port = int(self._run(deployment, "SHOW port"))
        deployment.kill(instance)
        deployment.begin(instance, _through(deployment, "oneid", away))
        world.awaited(lambda: "waiting for the database" in processes.log_tail(deployment.layout, instance.name))
        self.assertIsNotNone(processes.find(deployment.layout, instance.name))
        self.assertFalse(deployment.is_ready(instance))
        self._open(away, port)
        world.awaited(lambda: deployment.is_ready(instance))
        deployment.client.call("oneid", "AdminService/GetStatistics", brand_id=retail.BRAND)


if __name__ == "__main__":
    unittest.main()
