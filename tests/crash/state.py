"""What is there in the end: rows of both schemas and records of all topics, as plain values that can be kept in a file."""

import contextlib
import json
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import tools_path  # noqa: F401
import psycopg2
import psycopg2.extras
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from tessera.engine.v1 import outbox_pb2

SERVICES = ("oneid", "membership")
SLOTS = 16
# The logs of a service, in the order of their numbers, as the owners of the topics name them.
TOPICS = {"oneid": ("tessera.oneid.customer.v1", "", "tessera.oneid.deadletters.v1", "tessera.oneid.identity.v1"),
          "membership": ("tessera.membership.events.v1", "tessera.membership.answers.v1",
                         "tessera.membership.deadletters.v1", "")}
_QUIET_SECONDS = 20.0


@dataclass
class Event:
    """An event of a log, as the outbox has it or as the topic has it."""

    seq: int
    id: str
    type: str
    cause: str
    brand: str
    key: str
    data: bytes
    time_us: int  # ce_time, microseconds since 1970.


@dataclass
class Slot:
    """One slot of one log of one service: what was decided, and what was published."""

    service: str
    log: int
    slot: int
    next_seq: int
    relayed_seq: int
    outbox: list[Event] = field(default_factory=list)
    topic: list[Event] = field(default_factory=list)  # In order of offsets, repetitions included.


@dataclass
class State:
    """Tables by "service.table", each a list of rows by column; bytes as hex."""

    tables: dict[str, list[dict]] = field(default_factory=dict)
    slots: list[Slot] = field(default_factory=list)
    taken_seconds: float = 0.0  # Unix time, by our clock.

    def facts(self, service: str, log: int) -> list[Event]:
        """All events of a log that were published, each once, slot by slot in order."""
        facts = []
        for slot in self.slots:
            if (slot.service, slot.log) == (service, log):
                seen: set[int] = set()
                for event in slot.topic:
                    if event.seq not in seen:
                        seen.add(event.seq)
                        facts.append(event)
        return facts


_TABLES = {
    "membership.request": "SELECT * FROM membership.request WHERE brand_id = %s",
    "membership.transfer": "SELECT t.*, b.currency_names[t.currency_no] AS currency FROM membership.transfer t "
                           "JOIN membership.brand b USING (brand_id) WHERE brand_id = %s",
    "membership.lot": "SELECT l.*, b.currency_names[l.currency_no] AS currency FROM membership.lot l "
                      "JOIN membership.brand b USING (brand_id) WHERE brand_id = %s",
    "membership.hold": "SELECT h.*, b.currency_names[h.currency_no] AS currency FROM membership.hold h "
                       "JOIN membership.brand b USING (brand_id) WHERE brand_id = %s",
    "membership.member": "SELECT * FROM membership.member WHERE brand_id = %s",
    "membership.own_account": "SELECT a.*, b.currency_names[a.currency_no] AS currency FROM membership.own_account a "
                              "JOIN membership.brand b USING (brand_id) WHERE brand_id = %s",
    "membership.applied_merge": "SELECT * FROM membership.applied_merge WHERE group_id = %s",
    "membership.shop_order": "SELECT * FROM membership.shop_order WHERE brand_id = %s",
    "oneid.channel_event": "SELECT event_id, source, brand_id FROM oneid.channel_event WHERE brand_id = %s",
    "oneid.customer": "SELECT customer_id, root_id, anonymous FROM oneid.customer WHERE group_id = %s",
    "oneid.merge": "SELECT * FROM oneid.merge WHERE group_id = %s",
}


def _plain(value):
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, (int, str, bool, float)) else str(value)


def _read_slots(connection, service: str) -> list[Slot]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT s.log, s.slot, s.next_seq, c.next_seq FROM {service}.slot s "
                       f"JOIN {service}.relay_cursor c USING (log, slot) ORDER BY 1, 2")
        slots = {(log, slot): Slot(service, log, slot, next_seq, relayed)
                 for log, slot, next_seq, relayed in cursor.fetchall()}
        cursor.execute(f"SELECT log, slot, base_seq, events FROM {service}.outbox ORDER BY 1, 2, 3")
        for log, slot, base_seq, events in cursor.fetchall():
            for place, one in enumerate(outbox_pb2.OutboxEvents.FromString(bytes(events)).events):
                slots[log, slot].outbox.append(Event(base_seq + place, one.id, one.type, one.causation_id,
                                                     one.brand_id, one.key, one.data, one.time_us))
    return list(slots.values())


def _event_of(message) -> Event:
    headers = {name: value.decode() for name, value in message.headers() or ()}
    return Event(int(headers["ce_sequence"]), headers["ce_id"], headers["ce_type"], headers["ce_causationid"],
                 headers.get("ce_brandid", ""), message.key().decode(), message.value(),
                 round(datetime.fromisoformat(headers["ce_time"].replace("Z", "+00:00")).timestamp() * 1_000_000))


def _read_topic(brokers: str, topic: str) -> list[list[Event]]:
    """The records of each partition up to its present end."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "audit", "enable.auto.commit": False,
                         "enable.partition.eof": True})
    events: list[list[Event]] = [[] for _ in range(SLOTS)]
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(SLOTS)])
    left = set(range(SLOTS))
    while left:
        message = consumer.poll(_QUIET_SECONDS)
        if message is None:
            raise RuntimeError(f"{topic} could not be read to its end")
        if message.error() is None:
            events[message.partition()].append(_event_of(message))
        elif message.error().name() == "_PARTITION_EOF":
            left.discard(message.partition())
    consumer.close()
    return events


def _snapshot(admin_dsn: str, brand: str) -> State:
    """All tables and outboxes at one moment."""
    state = State(taken_seconds=time.time())
    connection = psycopg2.connect(admin_dsn)
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    psycopg2.extras.register_uuid(conn_or_curs=connection)
    with contextlib.closing(connection):
        for name, query in _TABLES.items():
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(query, (brand,))
                state.tables[name] = [{column: _plain(value) for column, value in row.items()} for row in cursor]
        for service in SERVICES:
            state.slots += _read_slots(connection, service)
    return state


def read(admin_dsn: str, brokers: str, brand: str) -> State:
    """The state of a brand, and all logs, at a moment when everything that was decided had been published.

    Timers go on: what they decide after that moment is in the topics, and left out.
    """
    deadline = time.monotonic() + _QUIET_SECONDS
    state = _snapshot(admin_dsn, brand)
    while any(slot.relayed_seq < slot.next_seq for slot in state.slots) and time.monotonic() < deadline:
        state = _snapshot(admin_dsn, brand)
    for service, topics in TOPICS.items():
        for log, topic in enumerate(topics):
            if topic:
                records = _read_topic(brokers, topic)
                for slot in state.slots:
                    if (slot.service, slot.log) == (service, log):
                        slot.topic = [event for event in records[slot.slot] if event.seq < slot.next_seq]
    return state


def write(state: State, path: Path) -> None:
    path.write_text(json.dumps(asdict(state), default=lambda data: data.hex(), indent=1))


def load(path: Path) -> State:
    """What `write` wrote."""
    kept = json.loads(path.read_text())

    def events(of: list[dict]) -> list[Event]:
        return [Event(**one | {"data": bytes.fromhex(one["data"])}) for one in of]

    return State(kept["tables"], [Slot(**one | {"outbox": events(one["outbox"]), "topic": events(one["topic"])})
                                  for one in kept["slots"]], kept["taken_seconds"])
