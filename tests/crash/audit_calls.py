"""What callers were told, against what was kept: each success once, no trace of a refusal, the same answer for ever."""

from collections import defaultdict
from typing import Iterator

from call_log import OK, Call
from state import State
from violation import Violation

_INTAKE = "IntakeService/PublishEvent"
_NOT_KEPT = "INVALID_ARGUMENT"  # A mistake of the caller, who may use the request id again.
# What time did is made up for by the next decision, whatever that is, and may be several things.
_OF_TIME = ("points_activated.v1", "points_expired.v1", "points_released.v1")


class _Traces:
    """Everything in the state that names a request id as its cause."""

    def __init__(self, state: State):
        self.requests = {(row["request_id"], row["method"]): row for row in state.tables["membership.request"]}
        self.transactions: defaultdict[str, set[str]] = defaultdict(set)
        for row in state.tables["membership.transfer"]:
            self.transactions[row["cause_id"]].add(row["transaction_id"])
        self.facts: defaultdict[str, set[str]] = defaultdict(set)  # Types, with how often each was told.
        self.told: defaultdict[tuple[str, str], int] = defaultdict(int)
        for event in state.facts("membership", 0):
            self.facts[event.cause].add(event.type)
            self.told[event.cause, event.type] += 1

    def of(self, request_id: str) -> str:
        """What there is, for evidence; "" for nothing."""
        found = [f"transaction {one}" for one in sorted(self.transactions.get(request_id, ()))]
        return ", ".join(found + [f"event {one}" for one in sorted(self.facts.get(request_id, ()))])


def audit(calls: list[Call], state: State) -> list[Violation]:
    traces = _Traces(state)
    channel_events = defaultdict(int)
    for row in state.tables["oneid.channel_event"]:
        channel_events[row["event_id"]] += 1
    violations: list[Violation] = []
    for call in calls:
        if call.method.endswith(_INTAKE):
            violations += _event(call, channel_events[call.request_id])
        else:
            violations += _answers(call)
            violations += _kept(call, traces)
    return violations


def _event(call: Call, taken: int) -> Iterator[Violation]:
    """An event that the broker has takes effect once, one that it may have at most once."""
    if taken > 1 or (call.succeeded and taken == 0):
        yield Violation("doubled event" if taken else "lost event", call.request_id, f"accepted {taken} times")


def _answers(call: Call) -> Iterator[Violation]:
    """One request has one answer, and is not another request."""
    told = {(one.code, one.reason, one.reply_hex) for one in call.answers}
    if len(told) > 1:
        yield Violation("answers differ", f"{call.method} {call.request_id}", f"{sorted(told)}")
    for one in call.attempts:
        if one.code == "INTERNAL" or (one.expects and one.code in (OK, "NOT_FOUND", "FAILED_PRECONDITION")) or (
                one.expects and one.code == "INVALID_ARGUMENT" and one.reason != one.expects):
            yield Violation("unexpected answer", f"{call.method} {call.request_id}",
                            f"{one.code} {one.reason}, expected {one.expects or 'anything else'}")


def _kept(call: Call, traces: _Traces) -> Iterator[Violation]:
    subject = f"{call.method} {call.request_id}"
    row = traces.requests.get((call.request_id, call.method))
    done = row is not None and not row["refused"]
    for answer in call.answers:
        if answer.code == OK and not done:
            yield Violation("lost success", subject, "it was answered, and is not in the state")
        elif answer.code == OK and row["answer"] != answer.reply_hex:
            yield Violation("answer not kept", subject, f"told {answer.reply_hex}, kept {row['answer']}")
        elif answer.code not in (OK, _NOT_KEPT) and (row is None or not row["refused"]):
            yield Violation("refusal not kept", subject, f"{answer.code} {answer.reason}")
    left = traces.of(call.request_id)
    if not done and left:
        yield Violation("trace of no success", subject, left)
    if done and not left:
        yield Violation("success without effect", subject, "no entry and no event")
    doubled = [f"{name} {count} times" for name, count in traces.told.items()
               if name[0] == call.request_id and count > 1 and not name[1].endswith(_OF_TIME)]
    if len(traces.transactions.get(call.request_id, ())) > 1 or doubled:
        yield Violation("doubled success", subject, ", ".join([left, *doubled]))
