"""A private Kafka broker in KRaft combined mode, on loopback only, with topics created by their owners."""

import base64
import os
import shutil
import socket
import subprocess
from pathlib import Path

from . import certs, processes
from .errors import DevError
from .paths import KAFKA_JARS, Layout, write_private

NAME = "kafka"
_READY_MARK = "Kafka Server started"

_PROPERTIES = """\
# Written by tools/dev at every start.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}{tls_listener}
advertised.listeners=PLAINTEXT://127.0.0.1:{advertised_port}{tls_listener}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL
inter.broker.listener.name=PLAINTEXT
log.dirs={data}

auto.create.topics.enable=false
num.partitions=16
message.max.bytes=1048576
group.initial.rebalance.delay.ms=0
# Replayed events carry old times: nothing may be deleted because of them.
log.retention.ms=-1
log.segment.bytes=67108864
log.index.size.max.bytes=1048576

# One broker: internal topics have one copy, and few partitions so that it starts fast.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1

num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.dedupe.buffer.size=16777216
"""

_TLS_PROPERTIES = """
# Only who has a certificate of the authority gets in.
ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={authority}
"""

_LOGGING = [
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",  # Says when it is ready.
]


class Kafka:
    """The broker of one layout."""

    def __init__(self, layout: Layout, port: int, controller_port: int, advertised_port: int | None = None,
                 tls_port: int | None = None):
        """Clients are told `advertised_port` if it is given: what listens there passes them on. At `tls_port`, if it is
        given, the broker asks for certificates of the layout's authority."""
        self._layout = layout
        self._port = port
        self._advertised_port = advertised_port or port
        self._controller_port = controller_port
        self._tls_port = tls_port
        self._properties = layout.kafka / "server.properties"
        self._log_start = 0  # Where the log of the broker that was begun last begins.

    @property
    def brokers(self) -> str:
        return f"127.0.0.1:{self._advertised_port}"

    @property
    def tls_brokers(self) -> str:
        return f"127.0.0.1:{self._tls_port}"

    def start(self) -> processes.Process:
        """Formats the storage if there is none, starts the broker, and waits until it serves."""
        process = self.begin()
        processes.wait_until_ready(self._layout, process, self.serves, 60.0)
        return process

    def begin(self) -> processes.Process:
        """As `start`, without waiting."""
        data = self._layout.kafka / "data"
        if (self._layout.kafka / "unfinished").exists():  # An interrupted format is begun again.
            shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True, exist_ok=True)
        write_private(self._properties, self._settings(data))
        if not (data / "meta.properties").exists():
            self._format()
        log = processes.log_path(self._layout, NAME)
        self._log_start = log.stat().st_size if log.exists() else 0
        java = _java("-Xms256m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", *_LOGGING)
        argv = [*java, "kafka.Kafka", str(self._properties)]
        return processes.start(self._layout, NAME, argv)

    def _settings(self, data: Path) -> str:
        tls_listener = f",SSL://127.0.0.1:{self._tls_port}" if self._tls_port else ""
        settings = _PROPERTIES.format(port=self._port, controller_port=self._controller_port, data=data,
                                      advertised_port=self._advertised_port, tls_listener=tls_listener)
        if not self._tls_port:
            return settings
        tls = certs.make(self._layout)
        keystore = self._layout.kafka / "keystore.pem"
        write_private(keystore, (tls / "server.key").read_text() + (tls / "server.pem").read_text())
        return settings + _TLS_PROPERTIES.format(keystore=keystore, authority=tls / "ca.pem")

    def _format(self) -> None:
        unfinished = self._layout.kafka / "unfinished"
        unfinished.touch()
        argv = [*_java("-Xmx128m", "-XX:TieredStopAtLevel=1", *_LOGGING), "kafka.tools.StorageTool", "format",
                "--cluster-id", _cluster_id(), "--config", str(self._properties)]
        done = subprocess.run(argv, cwd="/", capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DevError(f"Kafka could not format its storage:\n{done.stdout}{done.stderr}")
        unfinished.unlink()

    def serves(self) -> bool:
        """Whether the broker that was begun last is ready."""
        with processes.log_path(self._layout, NAME).open("rb") as log:
            log.seek(self._log_start)
            if _READY_MARK.encode() not in log.read():
                return False
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


def _java(*options: str) -> list[str]:
    java = shutil.which("java")
    if not java:
        raise DevError("java was not found; install openjdk-17-jre-headless (tools/dev install does)")
    return [java, *options, "-cp", f"{KAFKA_JARS}/*"]


def _cluster_id() -> str:
    while True:
        text = base64.urlsafe_b64encode(os.urandom(16)).decode("ascii").rstrip("=")
        if not text.startswith("-"):
            return text


def stop(layout: Layout) -> None:
    """Controlled shutdown."""
    processes.stop_all(layout, [NAME], deadline_seconds=20.0)


def remove(layout: Layout) -> None:
    """Deletes the broker's files. It must be down."""
    shutil.rmtree(layout.kafka, ignore_errors=True)
