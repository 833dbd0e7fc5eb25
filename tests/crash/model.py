"""The auditor's own model of points, lots, holds, debt and tiers: written beside the rules, not beside the services.

Only what the callers' program can do is known: points in lots that expire and may be owed up to a limit; growth.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import tiers
from orders import Award, Order
from tiers import Tier

PENDING, ACTIVE, CLOSED = 0, 1, 2
OPEN, CAPTURED, RELEASED, TIMED_OUT = 0, 1, 2, 3
EARNED, CLAWED_BACK, FORGIVEN, MADE_GOOD, DEBT_PAID, SPENT, RETURNED, EXPIRED, ACTIVATED = range(1, 10)
MEASURES = ("available", "pending", "held", "debt", "held_debt", "earned", "clawed_back", "forgiven", "spent",
            "returned", "expired")
DEBT_MAX = 5  # Beyond it what is owed is forgiven.
WARNED_BEFORE = timedelta(days=1)


class Impossible(Exception):
    """The state asks for a step that the rules do not allow."""


@dataclass
class Lot:
    """Points that were earned together."""

    lot_id: str
    side: str
    currency: str
    amount: int
    activation: datetime
    expiry: datetime
    earned: datetime
    remaining: int = 0
    state: int = PENDING
    held: int = 0
    expired: int = 0
    forgiven: int = 0  # Of its clawbacks: made good by what comes back.
    warned: bool = False

    @property
    def free(self) -> int:
        return self.remaining - self.held


@dataclass
class Hold:
    """Points set aside, or spent."""

    hold_id: str
    side: str
    amount: int
    parts: list[tuple[Lot, int]]
    end: datetime
    state: int = OPEN
    captured: int = 0
    refunded: int = 0


@dataclass
class HeldDebt:
    """Debt that stands for held points until their hold ends, and the lot whose clawback is owed."""

    side: str
    lot: Lot
    amount: int


@dataclass(frozen=True)
class Taken:
    """Where a clawback of one award was taken from."""

    rule_id: str
    amount: int
    from_pending: int
    from_available: int
    debt: int
    forgiven: int


@dataclass(frozen=True)
class Posting:
    """One transfer, without its times."""

    kind: int
    side: str
    currency: str
    amount: int
    lot_id: str


@dataclass
class Member:
    """A living customer with all sides. `postings` and `taken` are those of the step under way."""

    root: str
    sides: list[str]
    zone: ZoneInfo
    seq: int = 0
    tier: Tier = field(default_factory=Tier)
    lots: dict[str, Lot] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    sums: dict[tuple[str, str], dict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: dict.fromkeys(MEASURES, 0)))
    held_debts: list[HeldDebt] = field(default_factory=list)  # Oldest first.
    postings: list[Posting] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    growth_changed: bool = False

    def begin(self, seq: int) -> None:
        """The next step."""
        self.seq = seq
        self.postings, self.taken, self.tier.changes = [], [], []
        self.growth_changed = False

    def waiting(self) -> tuple[int, int]:
        """Open holds and pending lots."""
        return (sum(hold.state == OPEN for hold in self.holds.values()),
                sum(lot.state == PENDING for lot in self.lots.values()))

    def copy(self) -> "Member":
        """To see what time would do: with lots, holds, debts and sums of its own, the tier left out."""
        lots = {lot_id: replace(lot) for lot_id, lot in self.lots.items()}
        holds = {hold_id: replace(hold, parts=[(lots[lot.lot_id], part) for lot, part in hold.parts])
                 for hold_id, hold in self.holds.items()}
        debts = [replace(debt, lot=lots[debt.lot.lot_id]) for debt in self.held_debts]
        sums = defaultdict(lambda: dict.fromkeys(MEASURES, 0), {key: dict(one) for key, one in self.sums.items()})
        return replace(self, lots=lots, holds=holds, sums=sums, held_debts=debts, postings=[], tier=Tier())

    def ordered_sides(self) -> list[str]:
        """The root first."""
        return [self.root, *sorted(one for one in self.sides if one != self.root)]

    # ---- sums ----

    def total(self, currency: str, measure: str) -> int:
        return sum(sums[measure] for (_, name), sums in self.sums.items() if name == currency)

    def _add(self, side: str, currency: str, measure: str, amount: int) -> None:
        self.sums[side, currency][measure] += amount

    def _post(self, kind: int, side: str, currency: str, amount: int, lot_id: str = "") -> None:
        self.postings.append(Posting(kind, side, currency, amount, lot_id))

    # ---- what time does ----

    def catch_up(self, now: datetime) -> None:
        """Ends the holds that are due, activates pending lots, expires active ones: side by side, the root's first."""
        for side in self.ordered_sides():
            for hold in sorted((one for one in self.holds.values() if one.side == side and one.state == OPEN),
                               key=lambda one: (one.end, one.hold_id)):
                if hold.end <= now:
                    self.end_hold(hold, TIMED_OUT, 0, now)
            own = [lot for lot in self.lots.values() if lot.side == side]
            for lot in sorted(own, key=lambda one: (one.activation, one.lot_id)):
                if lot.state == PENDING and lot.activation <= now:
                    self.activate(lot, now)
            for lot in sorted(own, key=lambda one: (one.expiry, one.lot_id)):
                if lot.state == ACTIVE and lot.expiry <= now:
                    self._expire(lot)

    def activate(self, lot: Lot, now: datetime | None) -> None:
        if lot.state != PENDING:
            raise Impossible(f"lot {lot.lot_id} is activated in state {lot.state}")
        self._add(lot.side, lot.currency, "pending", -lot.remaining)
        if lot.currency == "growth":  # It has lots while it is pending only.
            self._grow(lot.side, lot.remaining, lot.earned)
            self._post(ACTIVATED, lot.side, "growth", lot.remaining, lot.lot_id)
            lot.remaining, lot.state = 0, CLOSED
            return
        lot.state = ACTIVE
        self._make_free(lot, lot.remaining, now)

    def _grow(self, side: str, amount: int, earned: datetime) -> None:
        self._add(side, "growth", "available", amount)
        self.tier.add(self.day_of(earned), amount)
        self.growth_changed = True

    def day_of(self, time: datetime):
        return time.astimezone(self.zone).date()

    def _expire(self, lot: Lot) -> None:
        amount = lot.free
        if amount == 0:
            return
        self._take(lot, amount)
        lot.expired += amount
        self._add(lot.side, "points", "available", -amount)
        self._add(lot.side, "points", "expired", amount)
        self._post(EXPIRED, lot.side, "points", amount, lot.lot_id)

    def _make_free(self, lot: Lot, amount: int, now: datetime | None) -> int:
        """The points pay debt, and can be spent again, or expire at once if their time is over; how many did."""
        self._add(lot.side, "points", "available", amount)
        self._pay_debt(lot)
        if now is None or lot.expiry > now:
            return 0
        gone = lot.free
        self._expire(lot)
        return gone

    def warn(self, side: str, now: datetime) -> tuple[int, datetime] | None:
        """Announces what expires soon of a side's points: how much, and when the last of it does."""
        lots = [lot for lot in self.lots.values() if lot.side == side and lot.state == ACTIVE and lot.free > 0
                and not lot.warned and lot.expiry - WARNED_BEFORE <= now < lot.expiry]
        for lot in lots:
            lot.warned = True
        return (sum(lot.free for lot in lots), max(lot.expiry for lot in lots)) if lots else None

    # ---- debt ----

    def _pay_debt(self, lot: Lot) -> None:
        """Of the lot's own side first, then of the root, then of the others."""
        for debtor in sorted(self.ordered_sides(), key=lambda side: side != lot.side):
            owed = self.sums[debtor, "points"]
            paid = min(lot.free, owed["debt"])
            if paid <= 0:
                continue
            self._take(lot, paid)
            self._add(lot.side, "points", "available", -paid)
            self._add(debtor, "points", "debt", -paid)
            self._end_held_debt(debtor, min(owed["held_debt"], paid))
            self._post(DEBT_PAID, lot.side, "points", paid, lot.lot_id)

    def _end_held_debt(self, side: str, amount: int) -> list[tuple[Lot, int]]:
        """So much of it is held debt no more; the lots whose clawbacks it was for."""
        self._add(side, "points", "held_debt", -amount)
        ended = []
        for debt in self.held_debts:
            part = min(debt.amount, amount) if debt.side == side else 0
            if part:
                ended.append((debt.lot, part))
                debt.amount -= part
                amount -= part
        self.held_debts = [debt for debt in self.held_debts if debt.amount]
        return ended

    def _settle_held_debt(self) -> None:
        """What was captured cannot pay any more: it is owed up to the limit, and forgiven beyond it."""
        excess = self.total("points", "held_debt") - self.total("points", "held")
        if excess <= 0:
            return
        kept = self._room_for_debt(excess)
        forgiven = excess - kept
        for side in self.ordered_sides():
            provisional = self.sums[side, "points"]["held_debt"]
            stays = min(provisional, kept)
            goes = min(provisional - stays, forgiven)
            self._end_held_debt(side, stays)
            for lot, part in self._end_held_debt(side, goes):
                lot.forgiven += part
            if goes:
                self._add(side, "points", "debt", -goes)
                self._forgive(side, goes)
            kept -= stays
            forgiven -= goes

    def _room_for_debt(self, wanted: int) -> int:
        owed = self.total("points", "debt") - self.total("points", "held_debt")
        return max(0, min(DEBT_MAX - owed, wanted))

    def _forgive(self, side: str, amount: int) -> None:
        self._add(side, "points", "forgiven", amount)
        self._post(FORGIVEN, side, "points", amount)

    @staticmethod
    def _take(lot: Lot, amount: int) -> None:
        if amount > lot.free:
            raise Impossible(f"{amount} are taken from lot {lot.lot_id}, which has {lot.free}")
        lot.remaining -= amount
        if lot.remaining == 0:
            lot.state = CLOSED

    # ---- what callers do ----

    def earn(self, lot: Lot, now: datetime) -> None:
        """What comes from the future, by the clock that decides, is pending until then."""
        pending = lot.activation > now
        has_lot = pending or lot.currency == "points"
        self._add(lot.side, lot.currency, "earned", lot.amount)
        self._post(EARNED, lot.side, lot.currency, lot.amount, lot.lot_id if has_lot else "")
        if not has_lot:
            self._grow(lot.side, lot.amount, lot.earned)
            return
        lot.remaining = lot.amount
        self.lots[lot.lot_id] = lot
        if pending:
            self._add(lot.side, lot.currency, "pending", lot.amount)
        else:
            lot.state = ACTIVE
            self._make_free(lot, lot.amount, now)

    def _parts(self, amount: int) -> list[tuple[Lot, int]]:
        parts = []
        for lot in self._spending_order():
            part = min(amount, lot.free)
            if part > 0:
                parts.append((lot, part))
                amount -= part
        if amount > 0:
            raise Impossible(f"{amount} more are taken than {self.root} has")
        return parts

    def _spending_order(self) -> list[Lot]:
        """Earliest expiry first, then by id, which begins with the time of the earning. Growth never has an active one."""
        return sorted((lot for lot in self.lots.values() if lot.state == ACTIVE),
                      key=lambda one: (one.expiry, one.lot_id))

    def hold(self, hold_id: str, side: str, amount: int, end: datetime) -> None:
        parts = self._parts(amount)
        for lot, part in parts:
            lot.held += part
            self._add(lot.side, "points", "available", -part)
            self._add(lot.side, "points", "held", part)
        self.holds[hold_id] = Hold(hold_id, side, amount, parts, end)

    def spend(self, spend_id: str, side: str, amount: int, now: datetime) -> None:
        parts = self._parts(amount)
        for lot, part in parts:
            self._take(lot, part)
            self._add(lot.side, "points", "available", -part)
            self._spent(lot, part)
        self.holds[spend_id] = Hold(spend_id, side, amount, parts, now, CAPTURED, amount)

    def _spent(self, lot: Lot, amount: int) -> None:
        self._add(lot.side, "points", "spent", amount)
        self._post(SPENT, lot.side, "points", amount, lot.lot_id)

    def end_hold(self, hold: Hold, state: int, captured: int, now: datetime | None) -> None:
        """Parts are captured in the order of taking; what is left of them goes back."""
        if hold.state != OPEN or captured > hold.amount:
            raise Impossible(f"hold {hold.hold_id} of {hold.amount} in state {hold.state} ends with {captured}")
        hold.state, hold.captured = state, captured
        spent, released = [], []
        for lot, part in hold.parts:
            taken = min(captured, part)
            captured -= taken
            lot.held -= part
            self._add(lot.side, "points", "held", -part)
            if taken:
                self._take(lot, taken)
                spent.append((lot, taken))
            if part > taken:
                released.append((lot, part - taken))
        for lot, taken in spent:
            self._spent(lot, taken)
        for lot, back in released:
            self._make_free(lot, back, now)
        self._settle_held_debt()

    def refund(self, spend: Hold, amount: int, now: datetime) -> int:
        """The last parts of what was captured come back first; how much of it expired at once."""
        if amount < 1 or amount > spend.captured - spend.refunded:
            raise Impossible(f"{amount} of spend {spend.hold_id} come back, of {spend.captured - spend.refunded}")
        taken, left = [], spend.captured
        for lot, part in spend.parts:
            taken.append((lot, min(left, part)))
            left -= min(left, part)
        skip, expired = spend.refunded, 0
        spend.refunded += amount
        for lot, part in reversed(taken):
            skipped = min(skip, part)
            back = min(amount, part - skipped)
            skip -= skipped
            amount -= back
            if back:
                expired += self._give_back(lot, back, now)
        return expired

    def _give_back(self, lot: Lot, amount: int, now: datetime) -> int:
        self._add(lot.side, "points", "returned", amount)
        self._post(RETURNED, lot.side, "points", amount, lot.lot_id)
        good = min(amount, lot.forgiven)
        if good:
            lot.forgiven -= good
            self._add(lot.side, "points", "forgiven", -good)
            self._post(MADE_GOOD, lot.side, "points", good, lot.lot_id)
        if good == amount:
            return 0
        lot.remaining += amount - good
        lot.state = ACTIVE
        return self._make_free(lot, amount - good, now)

    # ---- orders ----

    def claw_back(self, order: Order) -> None:
        """Takes what is due back of each award. What had expired unspent counts as taken."""
        for award in order.awards:
            expired = min(award.lot.expired, award.amount - award.back) if award.lot else 0
            amount = order.due_back(award) - award.back - expired
            if amount > 0:
                award.back += amount
                self.taken.append(self._claw_back(order.side, award, amount))

    def _claw_back(self, side: str, award: Award, amount: int) -> Taken:
        """From the award's own pending points, its own active ones, other active ones; the rest is owed or forgiven."""
        self._add(side, award.rule.currency, "clawed_back", amount)
        pending = self._claw_back_pending(award.lot, amount) if award.lot else 0
        left = amount - pending
        if award.rule.currency == "growth":
            if left:
                self._grow(side, -left, award.time)
                self._post(CLAWED_BACK, side, "growth", left)
            return Taken(award.rule.rule_id, amount, pending, left, 0, 0)
        own = [award.lot] if award.lot.state == ACTIVE else []
        for lot in own + [lot for lot in self._spending_order() if lot is not award.lot]:
            left -= self._claw_back_active(side, lot, left)
        available = amount - pending - left
        debt, forgiven = self._owe(side, award.lot, left) if left else (0, 0)
        return Taken(award.rule.rule_id, amount, pending, available, debt, forgiven)

    def _claw_back_pending(self, lot: Lot, amount: int) -> int:
        part = min(amount, lot.remaining) if lot.state == PENDING else 0
        if part:
            lot.remaining -= part
            lot.state = PENDING if lot.remaining else CLOSED
            self._add(lot.side, lot.currency, "pending", -part)
            self._post(CLAWED_BACK, lot.side, lot.currency, part, lot.lot_id)
        return part

    def _claw_back_active(self, side: str, lot: Lot, amount: int) -> int:
        part = min(amount, lot.free)
        if part:
            self._take(lot, part)
            self._add(lot.side, "points", "available", -part)
            self._add(side, "points", "clawed_back", -part)
            self._add(lot.side, "points", "clawed_back", part)
            self._post(CLAWED_BACK, lot.side, "points", part, lot.lot_id)
        return part

    def _owe(self, side: str, lot: Lot, amount: int) -> tuple[int, int]:
        """For as much as is held it is owed until the hold ends; of the rest up to the limit. Debt, and forgiven."""
        provisional = min(amount, self.total("points", "held") - self.total("points", "held_debt"))
        debt = self._room_for_debt(amount - provisional)
        self._add(side, "points", "debt", provisional + debt)
        if provisional:
            self._add(side, "points", "held_debt", provisional)
            self.held_debts.append(HeldDebt(side, lot, provisional))
        self._post(CLAWED_BACK, side, "points", amount)
        forgiven = amount - provisional - debt
        if forgiven:
            lot.forgiven += forgiven
            self._forgive(side, forgiven)
        return provisional + debt, forgiven

    # ---- tiers and merges ----

    def review(self, now: datetime, is_told: bool, until: date = date.min) -> None:
        """By the clock of a decision, or another that it knows of, which is at `until` already."""
        today = self.day_of(now)
        if self.day_of(now + tiers.CLOCKS_APART) >= self.tier.due > today:
            self.tier.approach_review()
        self.tier.review(max(today, until), is_told)

    def judge(self, now: datetime | None) -> None:
        """Up at once; what growth was taken back takes a level at the review only. Growth comes with a time."""
        if self.growth_changed:
            returned = any(taken.rule_id == "order_growth" and taken.from_available for taken in self.taken)
            self.tier.judge(self.day_of(now), tiers.RETURN if returned else tiers.POSTING)

    def absorb(self, other: "Member") -> None:
        """The larger counter goes on, with the merge as its next step."""
        self.begin(max(self.seq, other.seq) + 1)
        self.sides += other.sides
        self.tier.unite(other.tier)
        self.lots |= other.lots
        self.holds |= other.holds
        self.sums |= other.sums
        self.held_debts += other.held_debts

    def offset_debt(self) -> None:
        """Available points of either pay the debt of either."""
        payable = min(self.total("points", "available"), self.total("points", "debt"))
        for lot in self._spending_order():
            if payable > 0 and lot.free:
                payable -= lot.free
                self._pay_debt(lot)
