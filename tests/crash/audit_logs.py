"""Numbers without gaps, and topics that say what the outbox says, in its order."""

from typing import Iterator

from state import Event, Slot, State
from violation import Violation


def audit(state: State) -> list[Violation]:
    return [violation for slot in state.slots for check in (_numbers, _records) for violation in check(slot)]


def _name(slot: Slot) -> str:
    return f"{slot.service} log {slot.log} slot {slot.slot}"


def _numbers(slot: Slot) -> Iterator[Violation]:
    """The outbox has every number of the slot once."""
    numbers = [event.seq for event in slot.outbox]
    if numbers != list(range(slot.next_seq)):
        wrong = next((place for place, number in enumerate(numbers) if number != place), len(numbers))
        yield Violation("gap in seq", _name(slot), f"{len(numbers)} events up to {slot.next_seq}, wrong from {wrong}")
    if slot.relayed_seq != slot.next_seq:
        yield Violation("not published", _name(slot), f"{slot.relayed_seq} of {slot.next_seq} are")


def _records(slot: Slot) -> Iterator[Violation]:
    """The topic has every event; what is there more than once is so because a step was repeated, and is the same."""
    expected = {event.seq: event for event in slot.outbox}
    first_seen: dict[int, Event] = {}
    for event in slot.topic:
        if event.seq not in expected:
            yield Violation("record of no event", _name(slot), f"number {event.seq}, id {event.id}")
        elif event != expected[event.seq]:
            yield Violation("record differs from its event", _name(slot), f"number {event.seq}, id {event.id}")
        if event.seq not in first_seen and first_seen and event.seq < max(first_seen):
            yield Violation("records out of order", _name(slot), f"number {event.seq} after {max(first_seen)}")
        first_seen.setdefault(event.seq, event)
    for number in sorted(expected.keys() - first_seen.keys()):
        yield Violation("record missing in a topic", _name(slot), f"number {number}, id {expected[number].id}")
