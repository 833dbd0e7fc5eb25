"""Replays the accepted commands in member_seq order through the auditor's model."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import tools_path  # noqa: F401
from google.protobuf import json_format
from tessera.events.v1 import customer_event_pb2, identity_facts_pb2
from tessera.membership.v1 import events_pb2

import model
import refusals
import tiers
from call_log import OK, Call
from model import Impossible, Lot, Member
from orders import Award, Order
from refusals import Refusals
from rpc import decoded
from setting import ACCOUNT_EVENT, Setting
from state import Event, State
from violation import Violation

_DAY = timedelta(days=1)
_LIFE = 2 * _DAY  # From when points are active.
_OF_WARNINGS = "3"  # The kind of a timer.


@dataclass
class Decision:
    """What one decision told and posted."""

    root: str
    seq: int
    cause: str = ""
    side: str = ""
    transaction: str = ""
    time_us: int = 0  # Of its events: when it was decided, if a call or a timer caused it.
    merged: datetime | None = None  # When the merge that caused it was applied.
    facts: list[tuple[str, dict]] = field(default_factory=list)  # Message name and fields.
    rows: list[dict] = field(default_factory=list)  # Transfers.

    def told(self, name: str) -> list[dict]:
        return [fact for one, fact in self.facts if one == name]

    @property
    def tells_review(self) -> bool:
        return any(fact["cause"] == "CAUSE_REVIEW" for fact in self.told("TierChanged"))


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
                                                   change["transaction_id"], event.time_us))
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

    def __init__(self, calls: list[Call], state: State, brand: str, setting: Setting):
        self.members: dict[str, Member] = {}  # Living ones.
        self.orders: dict[str, Order] = {}
        self.decided: set[str] = set()  # Causes that had a step of their own.
        self.violations: list[Violation] = []
        self.source_events = _source_events(state)
        self._calls = {call.request_id: call for call in calls}
        self._setting = setting
        self._zone = ZoneInfo(setting.time_zone)
        self._refusals = Refusals(calls, state, setting.clock_base_seconds)
        self._decisions = decisions(state, brand)
        self._hold_ends = {row["hold_id"]: time_of(row["end_time"]) for row in state.tables["membership.hold"]}
        self._merge_rows: defaultdict[str, list[dict]] = defaultdict(list)
        for row in sorted(state.tables["membership.transfer"], key=lambda one: one["number"]):
            if row["cause_source"] == "merge":
                self._merge_rows[row["cause_id"]].append(row)
        self._merges: defaultdict[str, list[dict]] = defaultdict(list)
        absorbed = set()
        place = _places(state)
        for row in sorted(state.tables["membership.applied_merge"], key=lambda one: place.get(one["merge_id"], 0)):
            self._merges[row["survivor_id"]].append(row)
            absorbed.add(row["absorbed_id"])
        for row in state.tables["membership.member"]:
            if row["customer_id"] not in absorbed:
                member, _, left = self._life_of(row["customer_id"], float("inf"))
                self.members[row["customer_id"]] = member
                self._tell_left(member, left)
        self.violations += self._refusals.audit(set(setting.customers))

    def _tell(self, rule: str, subject: str, evidence: str) -> None:
        self.violations.append(Violation(rule, subject, evidence))

    # ---- in which order ----

    def _life_of(self, customer: str, after: float) -> tuple[Member, float, dict[int, Decision]]:
        """All decisions of a customer, before each merge those of whom it absorbed; merges take the missing numbers.

        `after`: when the first of what follows this life was answered. Also answers when the last step began, and what
        is left to the merge that ends this life.
        """
        member = Member(customer, [customer], self._zone)
        left = dict(self._decisions.get(customer, {}))
        merges = list(self._merges[customer])
        began = 0.0
        while left or merges:
            ended = min((self._span(one)[1] for one in left.values()), default=after)
            self._refusals.see(member, began, min(after, ended))
            next_one = left.get(member.seq + 1)
            if next_one and self._cause(next_one):
                began = max(began, self._span(next_one)[0])
                self._step(member, left.pop(member.seq + 1))
            elif merges:
                merge = merges.pop(0)
                other, other_began, other_left = self._life_of(merge["absorbed_id"], min(after, ended))
                began = max(began, other_began)
                self._prepare(member, left, other, other_left, time_of(merge["posted_time"]))
                self._tell_left(other, other_left)
                member.absorb(other)
                told = left.pop(member.seq, None) or Decision(customer, member.seq)
                told.merged = time_of(merge["posted_time"])
                told.rows = self._merge_rows[merge["merge_id"]]  # Debt that is paid has no event of its own.
                self._step(member, told)
            else:
                first = min(left)
                if not self._cause(left[first]):
                    break
                if first != member.seq + 1:
                    self._tell("gap in member_seq", customer, f"{first} follows {member.seq}")
                self._step(member, left.pop(first))
        self._refusals.see(member, began, after)
        return member, began, left

    def _tell_left(self, member: Member, left: dict[int, Decision]) -> None:
        for seq in left:
            self._tell("effect without a cause", member.root, f"member_seq {seq}")

    def _prepare(self, member: Member, left: dict[int, Decision], other: Member, other_left: dict[int, Decision],
                 now: datetime) -> None:
        """What is due of two takes place before they are one: a step of each who has any, also by the other's clock."""
        had = max(member.tier.had, other.tier.had)
        ahead = [one.tier.due if one.tier.may_be_reviewed else date.min for one in (other, member)]
        for one, decisions_left, perhaps in ((member, left, ahead[0]), (other, other_left, ahead[1])):
            told = decisions_left.get(one.seq + 1)
            is_told = told is not None and not self._cause(told) and told.tells_review
            one.begin(one.seq)
            before = one.waiting()
            one.catch_up(now)
            one.review(now, is_told, max(had, perhaps) if is_told else had)
            one.judge(now)
            if one.postings or one.tier.changes or one.waiting() != before:
                one.seq += 1
                self._compare(one, decisions_left.pop(one.seq, None) or Decision(one.root, one.seq),
                              f"{one.root} member_seq {one.seq} (before a merge)")

    def _cause(self, decision: Decision) -> str:
        """The request id, the id of the channel event, "timer/..." or "" for a merge."""
        return self.source_events.get(decision.cause, decision.cause)

    def _span(self, decision: Decision) -> tuple[float, float]:
        """Of a call: between which moments it was decided; an event is decided at any time after its first attempt."""
        call = self._calls.get(self._cause(decision))
        if call is None:
            return 0.0, float("inf")
        start, end = refusals.span_of(call)
        return start, float("inf") if call.method.endswith(refusals.INTAKE) else end

    # ---- one decision ----

    def _step(self, member: Member, decision: Decision) -> None:
        if not decision.merged:
            member.begin(decision.seq)
        cause = self._cause(decision)
        subject = f"{decision.root} member_seq {decision.seq} ({decision.cause})"
        now = self._now_of(decision, cause)
        try:
            self._bring_up_to_date(member, decision, now)
            if decision.merged:
                self._unite(member, now)
            elif cause.startswith("timer/"):
                self._review(member, decision, now)
            else:
                self._carry_out(member, decision, cause, now)
                member.judge(now)
        except (Impossible, AttributeError, KeyError, IndexError, StopIteration) as error:
            self._tell("impossible step", subject, f"{type(error).__name__}: {error}")
        self._compare(member, decision, subject)

    def _now_of(self, decision: Decision, cause: str) -> datetime | None:
        """The clock that it was decided by; None for an event that posted nothing."""
        if decision.merged:
            return decision.merged
        if decision.rows:
            return time_of(decision.rows[0]["posted_time"])
        call = self._calls.get(cause)
        is_event = not cause.startswith("timer/") and (call is None or call.method.endswith(refusals.INTAKE))
        return None if is_event else datetime.fromtimestamp(decision.time_us / 1_000_000, timezone.utc)

    def _bring_up_to_date(self, member: Member, decision: Decision, now: datetime | None) -> None:
        """What time did before: by the clock of the decision, or, if that is not known, as it was told."""
        if now is None:
            for fact in decision.told("PointsReleased"):
                if fact["timed_out"]:
                    member.end_hold(member.holds[fact["hold_id"]], model.TIMED_OUT, 0, None)
            for lot_id in (lot_id for fact in decision.told("PointsActivated") for lot_id in fact["lot_ids"]):
                member.activate(member.lots[lot_id], None)
            if decision.tells_review:
                member.tier.review(member.tier.due, True)
            return
        member.catch_up(now)
        if not self._cause(decision).startswith("timer/"):
            member.review(now, decision.tells_review)
            member.judge(now)

    def _review(self, member: Member, decision: Decision, now: datetime) -> None:
        """What only timers do: warnings come before a review."""
        told = [(int(fact["amount"]), time_of(fact["expiry_time"])) for fact in decision.told("PointsExpiring")]
        if self._cause(decision).split("/")[2] == _OF_WARNINGS:
            warned = member.warn(decision.side, now)
            if told != ([warned] if warned else []):
                self._tell("other warning", f"{decision.root} member_seq {decision.seq}", f"told {told}, due {warned}")
        elif told:
            self._tell("other warning", f"{decision.root} member_seq {decision.seq}", f"{told} by {decision.cause}")
        member.review(now, decision.tells_review)
        member.judge(now)

    @staticmethod
    def _unite(member: Member, now: datetime) -> None:
        member.offset_debt()
        member.tier.judge(member.day_of(now), tiers.MERGE)

    def _carry_out(self, member: Member, decision: Decision, cause: str, now: datetime | None) -> None:
        call = self._calls.get(cause)
        if call is None:
            if cause.startswith(ACCOUNT_EVENT):
                account = int(cause.removeprefix(ACCOUNT_EVENT))
                member.tier.enrol(date.fromisoformat(self._setting.enrolled[account]), self._setting.day_before)
            else:
                self._tell("effect without a cause", decision.root, f"member_seq {decision.seq}, cause {cause}")
            return
        self.decided.add(cause)
        method = call.method.rpartition("/")[2]
        if method != refusals.INTAKE:
            reason = refusals.reason_of(member, method, call.request)
            if reason:
                self._tell("not refused", f"{call.method} {call.request_id}", f"{reason} by the rules: {call.request}")
        getattr(self, "_" + method)(member, decision, call.request, now)
        self._compare_reply(member, decision, call)

    # ---- events ----

    def _PublishEvent(self, member: Member, decision: Decision, request: dict,  # noqa: N802 (the method's name)
                      now: datetime) -> None:
        event = request["event"]
        time, payload = time_of(event["event_time"]), event["event"]
        if "check_in_done" in payload:
            self._earn(member, decision, "check_in", "points", 40, time, time, now)
            self._earn(member, decision, "check_in_growth", "growth", 15, time, time, now)
        elif "review_posted" in payload:
            self._earn(member, decision, "review", "points", 70, time, time + _DAY, now)
        elif "order_paid" in payload:
            self._pay(member, decision, payload["order_paid"], time, now)
        elif "order_refunded" in payload:
            order = self.orders[payload["order_refunded"]["order_id"]]
            reason = order.take_back(payload["order_refunded"])
            if reason:
                self._tell("not refused", f"event {decision.cause}", f"{reason} by the rules: {payload}")
            member.claw_back(order)

    def _pay(self, member: Member, decision: Decision, paid: dict, time: datetime, now: datetime) -> None:
        if paid["order_id"] in self.orders:
            raise Impossible(f"order {paid['order_id']} is paid twice")
        order = self.orders[paid["order_id"]] = Order(decision.side, paid)
        for award in order.earn(time):
            self._earn_award(member, decision, award, now)

    def _earn_award(self, member: Member, decision: Decision, award: Award, now: datetime) -> None:
        rule = award.rule
        award.lot = self._earn(member, decision, rule.rule_id, rule.currency, award.amount, award.time,
                               award.activation, now)

    @staticmethod
    def _earn(member: Member, decision: Decision, rule_id: str, currency: str, amount: int, earned: datetime,
              activation: datetime, now: datetime, side: str = "") -> Lot | None:
        """The id of the lot is the service's to choose. None if there is no lot."""
        awards = decision.told("PointsEarned")[0]["awards"]
        lot_id = next(award["lot_id"] for award in awards if award["rule_id"] == rule_id)
        lot = Lot(lot_id, side or decision.side, currency, amount, activation, activation + _LIFE, earned)
        member.earn(lot, now)
        return member.lots.get(lot_id)

    # ---- calls ----

    def _EarnPoints(self, member: Member, decision: Decision, request: dict, now: datetime) -> None:  # noqa: N802
        self._earn(member, decision, "", request.get("currency", "points"), int(request["amount"]), now, now, now,
                   request["customer_id"])

    def _HoldPoints(self, member: Member, decision: Decision, request: dict, now: datetime) -> None:  # noqa: N802
        hold_id = decision.told("PointsHeld")[0]["hold_id"]
        member.hold(hold_id, request["customer_id"], int(request["amount"]), self._hold_ends[hold_id])

    def _SpendPoints(self, member: Member, decision: Decision, request: dict, now: datetime) -> None:  # noqa: N802
        spend_id = decision.told("PointsSpent")[0]["spend_id"]
        member.spend(spend_id, request["customer_id"], int(request["amount"]), now)

    def _CaptureHold(self, member: Member, decision: Decision, request: dict, now: datetime) -> None:  # noqa: N802
        hold = member.holds[request["hold_id"]]
        member.end_hold(hold, model.CAPTURED, int(request["amount"]) or hold.amount, now)

    def _ReleaseHold(self, member: Member, decision: Decision, request: dict, now: datetime) -> None:  # noqa: N802
        member.end_hold(member.holds[request["hold_id"]], model.RELEASED, 0, now)

    def _RefundSpend(self, member: Member, decision: Decision, request: dict, now: datetime) -> None:  # noqa: N802
        spend = member.holds[request["spend_id"]]
        member.refund(spend, int(request["amount"]) or spend.captured - spend.refunded, now)

    # ---- what it was said to have done ----

    def _compare(self, member: Member, decision: Decision, subject: str) -> None:
        posted = [model.Posting(row["kind"], row["customer_id"], row["currency"], row["amount"], row["lot_id"] or "")
                  for row in decision.rows]
        self._compare_one("other entries", subject, posted, member.postings)
        if any(row["member_seq"] != decision.seq for row in decision.rows):
            self._tell("entries of another number", subject, f"{[row['member_seq'] for row in decision.rows]}")
        taken = [model.Taken(one["rule_id"], *(int(one[name]) for name in
                                               ("amount", "from_pending", "from_available", "debt", "forgiven")))
                 for fact in decision.told("PointsClawedBack") for one in fact["clawbacks"]]
        self._compare_one("other clawback", subject, taken, member.taken)
        changes = [tiers.Change(fact["from_level"], fact["to_level"],
                                events_pb2.TierChanged.Cause.Value(fact["cause"]), int(fact["qualifying_sum"]))
                   for fact in decision.told("TierChanged")]
        self._compare_one("other change of tier", subject, changes, member.tier.changes)
        for balance in decision.facts[-1][1]["change"]["balances_after"] if decision.facts else ():
            self._compare_balance(member, balance, subject)

    def _compare_one(self, rule: str, subject: str, told: list, expected: list) -> None:
        if told != expected:
            self._tell(rule, subject, f"told {told}, by the rules {expected}")

    def _compare_balance(self, member: Member, balance: dict, subject: str) -> None:
        for measure in ("available", "pending", "held", "debt"):
            if int(balance[measure]) != member.total(balance["currency"], measure):
                self._tell("other balance", subject, f"{balance['currency']} {measure} {balance[measure]}, by the rules "
                                                     f"{member.total(balance['currency'], measure)}")

    def _compare_reply(self, member: Member, decision: Decision, call: Call) -> None:
        for answer in call.answers:
            if answer.code != OK or call.method.endswith(refusals.INTAKE):
                continue
            reply = decoded(call.method, bytes.fromhex(answer.reply_hex))
            subject = f"{call.method} {call.request_id}"
            if int(reply["member_seq"]) != decision.seq:
                self._tell("other answer", subject, f"member_seq {reply['member_seq']}, decided as {decision.seq}")
            self._compare_balance(member, reply["balance"], subject)
            break
