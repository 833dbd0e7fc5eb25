"""Replays the accepted commands in member_seq order through the auditor's model."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import tools_path  # noqa: F401
from google.protobuf import json_format
from tessera.events.v1 import customer_event_pb2, identity_facts_pb2
from tessera.membership.v1 import events_pb2

import model
from call_log import OK, Call
from model import Impossible, Lot, Member
from people import ACCOUNT_EVENT
from rpc import decoded
from state import Event, State
from violation import Violation

_DAY = timedelta(days=1)
_INTAKE = "PublishEvent"


@dataclass
class Decision:
    """What one decision told and posted."""

    root: str
    seq: int
    cause: str = ""
    side: str = ""
    transaction: str = ""
    facts: list[tuple[str, dict]] = field(default_factory=list)  # Message name and fields.
    rows: list[dict] = field(default_factory=list)  # Transfers.

    @property
    def now(self) -> datetime | None:
        """The time that it was decided at; None if nothing was posted."""
        return time_of(self.rows[0]["posted_time"]) if self.rows else None


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def _message_of(event: Event) -> tuple[str, dict]:
    name = "".join(part.capitalize() for part in event.type.split(".")[3].split("_"))
    message = getattr(events_pb2, name).FromString(event.data)
    return name, json_format.MessageToDict(message, preserving_proto_field_name=True, including_default_value_fields=True)


def decisions(state: State, brand: str) -> dict[str, dict[int, Decision]]:
    """By living customer of the time and member_seq."""
    found: defaultdict[str, dict[int, Decision]] = defaultdict(dict)
    rows: defaultdict[str, list[dict]] = defaultdict(list)
    for row in state.tables["membership.transfer"]:
        rows[row["transaction_id"]].append(row)
    for event in state.facts("membership", 0):
        if event.brand != brand:
            continue
        name, message = _message_of(event)
        change = message["change"]
        root, seq = change["customer_id"], int(change["member_seq"])
        one = found[root].setdefault(seq, Decision(root, seq, event.cause, change["origin_customer_id"],
                                                   change["transaction_id"]))
        one.facts.append((name, message))
        one.rows = sorted(rows[one.transaction], key=lambda row: row["number"])
    return found


def _source_events(state: State) -> dict[str, str]:
    """What oneid's facts stand for: the id of a channel event, or "" for a merge and other facts of its own."""
    found = {}
    for event in state.facts("oneid", 0):
        is_fact = event.type.endswith((".customers_merged.v1", ".brand_changed.v1"))
        found[event.id] = "" if is_fact else customer_event_pb2.CustomerEvent.FromString(event.data).source_event_id
    return found


def _places(state: State) -> dict[str, int]:
    """The place of each merge among those that it follows. Their times do not tell: clocks differ."""
    after = {}
    for event in state.facts("oneid", 0):
        if event.type.endswith(".customers_merged.v1"):
            fact = identity_facts_pb2.CustomersMerged.FromString(event.data)
            after[fact.merge_id] = list(fact.after_change_ids)
    places: dict[str, int] = {}

    def place(merge: str) -> int:
        if merge not in places:
            places[merge] = 1 + max((place(one) for one in after.get(merge, ())), default=0)
        return places[merge]

    for merge in after:
        place(merge)
    return places


class Replay:
    """The members as the log, the published events and the merges make them; what went against a rule on the way."""

    def __init__(self, calls: list[Call], state: State, brand: str):
        self.members: dict[str, Member] = {}  # Living ones.
        self.violations: list[Violation] = []
        self._calls = {call.request_id: call for call in calls}
        self._source_events = _source_events(state)
        self._decisions = decisions(state, brand)
        self._lots = {row["lot_id"]: row for row in state.tables["membership.lot"]}
        self._hold_ends = {row["hold_id"]: time_of(row["end_time"]) for row in state.tables["membership.hold"]}
        self._merges: defaultdict[str, list[dict]] = defaultdict(list)
        absorbed = set()
        place = _places(state)
        for row in sorted(state.tables["membership.applied_merge"], key=lambda one: place.get(one["merge_id"], 0)):
            self._merges[row["survivor_id"]].append(row)
            absorbed.add(row["absorbed_id"])
        for row in state.tables["membership.member"]:
            if row["customer_id"] not in absorbed:
                self.members[row["customer_id"]] = self._life_of(row["customer_id"])

    def _tell(self, rule: str, subject: str, evidence: str) -> None:
        self.violations.append(Violation(rule, subject, evidence))

    # ---- in which order ----

    def _life_of(self, customer: str) -> Member:
        """All decisions of a customer, before each merge those of whom it absorbed; merges take the missing numbers."""
        member = Member(customer, [customer])
        left = dict(self._decisions.get(customer, {}))
        merges = list(self._merges[customer])
        while left or merges:
            next_one = left.get(member.seq + 1)
            if next_one and self._cause(next_one):
                self._step(member, left.pop(member.seq + 1))
            elif merges:
                member.absorb(self._life_of(merges.pop(0)["absorbed_id"]))
                if member.seq in left:
                    self._step(member, left.pop(member.seq), merged=True)
            else:
                first = min(left)
                if first != member.seq + 1:
                    self._tell("gap in member_seq", customer, f"{first} follows {member.seq}")
                self._step(member, left.pop(first))
        return member

    def _cause(self, decision: Decision) -> str:
        """The request id, the id of the channel event, "timer/..." or "" for a merge."""
        return self._source_events.get(decision.cause, decision.cause)

    # ---- one decision ----

    def _step(self, member: Member, decision: Decision, merged: bool = False) -> None:
        member.seq = decision.seq
        member.postings = []
        subject = f"{decision.root} member_seq {decision.seq} ({decision.cause})"
        try:
            self._bring_up_to_date(member, decision)
            if not merged and not self._cause(decision).startswith("timer/"):
                self._carry_out(member, decision)
        except (Impossible, KeyError, IndexError, StopIteration) as error:
            self._tell("impossible step", subject, f"{type(error).__name__}: {error}")
        member.judge()
        self._compare(member, decision, subject)

    @staticmethod
    def _bring_up_to_date(member: Member, decision: Decision) -> None:
        """What time did before: by the clock of the decision, or, if nothing was posted, as it was told."""
        if decision.now:
            member.catch_up(decision.now)
            return
        for name, fact in decision.facts:
            if name == "PointsReleased" and fact["timed_out"]:
                member.end_hold(member.holds[fact["hold_id"]], model.TIMED_OUT, 0, None)
            elif name == "PointsActivated":
                for lot_id in fact["lot_ids"]:
                    member.activate(member.lots[lot_id], None)

    def _carry_out(self, member: Member, decision: Decision) -> None:
        cause = self._cause(decision)
        call = self._calls.get(cause)
        if call is None:
            if not cause.startswith(ACCOUNT_EVENT):
                self._tell("effect without a cause", decision.root, f"member_seq {decision.seq}, cause {cause}")
            return
        getattr(self, "_" + call.method.rpartition("/")[2])(member, decision, call.request)
        self._compare_reply(member, decision, call)

    def _PublishEvent(self, member: Member, decision: Decision, request: dict) -> None:  # noqa: N802 (the method's name)
        event = request["event"]
        if "check_in_done" in event["event"]:
            for currency, amount in (("points", 40), ("growth", 15)):
                self._earn(member, decision, decision.side, currency, amount, time_of(event["event_time"]))
        elif "review_posted" in event["event"]:
            self._earn(member, decision, decision.side, "points", 70, time_of(event["event_time"]) + _DAY)

    def _EarnPoints(self, member: Member, decision: Decision, request: dict) -> None:  # noqa: N802
        self._earn(member, decision, request["customer_id"], request.get("currency", "points"), int(request["amount"]),
                   decision.now)

    @staticmethod
    def _earn(member: Member, decision: Decision, side: str, currency: str, amount: int, activation: datetime) -> None:
        """The id of the lot is the service's to choose."""
        awards = next(fact for name, fact in decision.facts if name == "PointsEarned")["awards"]
        lot_id = next(award["lot_id"] for award in awards if award["currency"] == currency)
        member.earn(Lot(lot_id, side, currency, amount, activation, activation + _DAY), decision.now)

    def _HoldPoints(self, member: Member, decision: Decision, request: dict) -> None:  # noqa: N802
        fact = next(fact for name, fact in decision.facts if name == "PointsHeld")
        member.hold(fact["hold_id"], request["customer_id"], int(request["amount"]), self._hold_ends[fact["hold_id"]])

    def _SpendPoints(self, member: Member, decision: Decision, request: dict) -> None:  # noqa: N802
        fact = next(fact for name, fact in decision.facts if name == "PointsSpent")
        member.spend(fact["spend_id"], request["customer_id"], int(request["amount"]), decision.now)

    def _CaptureHold(self, member: Member, decision: Decision, request: dict) -> None:  # noqa: N802
        hold = member.holds[request["hold_id"]]
        member.end_hold(hold, model.CAPTURED, int(request["amount"]) or hold.amount, decision.now)

    def _ReleaseHold(self, member: Member, decision: Decision, request: dict) -> None:  # noqa: N802
        member.end_hold(member.holds[request["hold_id"]], model.RELEASED, 0, decision.now)

    def _RefundSpend(self, member: Member, decision: Decision, request: dict) -> None:  # noqa: N802
        spend = member.holds[request["spend_id"]]
        member.refund(spend, int(request["amount"]) or spend.captured - spend.refunded, decision.now)

    # ---- what it was said to have done ----

    def _compare(self, member: Member, decision: Decision, subject: str) -> None:
        posted = [model.Posting(row["kind"], row["customer_id"], row["currency"], row["amount"], row["lot_id"] or "")
                  for row in decision.rows]
        if posted != member.postings:
            self._tell("other entries", subject, f"posted {posted}, by the rules {member.postings}")
        if any(row["member_seq"] != decision.seq for row in decision.rows):
            self._tell("entries of another number", subject, f"{[row['member_seq'] for row in decision.rows]}")
        for balance in decision.facts[-1][1]["change"]["balances_after"]:
            self._compare_balance(member, balance, subject)

    def _compare_balance(self, member: Member, balance: dict, subject: str) -> None:
        for measure in ("available", "pending", "held", "debt"):
            if int(balance[measure]) != member.total(balance["currency"], measure):
                self._tell("other balance", subject, f"{balance['currency']} {measure} {balance[measure]}, by the rules "
                                                     f"{member.total(balance['currency'], measure)}")

    def _compare_reply(self, member: Member, decision: Decision, call: Call) -> None:
        for answer in call.answers:
            if answer.code != OK or call.method.endswith(_INTAKE):
                continue
            reply = decoded(call.method, bytes.fromhex(answer.reply_hex))
            subject = f"{call.method} {call.request_id}"
            if int(reply["member_seq"]) != decision.seq:
                self._tell("other answer", subject, f"member_seq {reply['member_seq']}, decided as {decision.seq}")
            self._compare_balance(member, reply["balance"], subject)
            break
