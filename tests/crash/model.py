"""The auditor's own model of points, lots, holds and tiers: written beside the rules, not beside the services.

Only what the callers' program can do is known: no clawback, so no debt; lots that expire; tiers by lifetime growth.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

PENDING, ACTIVE, CLOSED = 0, 1, 2
OPEN, CAPTURED, RELEASED, TIMED_OUT = 0, 1, 2, 3
EARNED, SPENT, RETURNED, EXPIRED, ACTIVATED = 1, 6, 7, 8, 9
MEASURES = ("available", "pending", "held", "debt", "earned", "clawed_back", "forgiven", "spent", "returned", "expired")
LEVELS = (0, 60, 300, 1500)  # Growth from which each level is reached.


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
    remaining: int = 0
    state: int = PENDING
    held: int = 0
    expired: int = 0

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
    """A living customer with all sides. `postings` are those of the step under way."""

    root: str
    sides: list[str]
    seq: int = 0
    level: int = 1
    lots: dict[str, Lot] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    sums: dict[tuple[str, str], dict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: dict.fromkeys(MEASURES, 0)))
    postings: list[Posting] = field(default_factory=list)

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
        for side in [self.root, *sorted(one for one in self.sides if one != self.root)]:
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
            self._add(lot.side, "growth", "available", lot.remaining)
            self._post(ACTIVATED, lot.side, "growth", lot.remaining, lot.lot_id)
            lot.remaining, lot.state = 0, CLOSED
            return
        lot.state = ACTIVE
        self._make_free(lot, lot.remaining, now)

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
        """The points can be spent again, or expire at once if their time is over; how many did."""
        self._add(lot.side, "points", "available", amount)
        if now is None or lot.expiry > now:
            return 0
        gone = lot.free
        self._expire(lot)
        return gone

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
            self._add(lot.side, "growth", "available", lot.amount)
            return
        lot.remaining = lot.amount
        self.lots[lot.lot_id] = lot
        if pending:
            self._add(lot.side, lot.currency, "pending", lot.amount)
        else:
            lot.state = ACTIVE
            self._make_free(lot, lot.amount, now)

    def _parts(self, amount: int) -> list[tuple[Lot, int]]:
        """Earliest expiry first, then by id, which begins with the time of the earning."""
        parts = []
        for lot in sorted(self.lots.values(), key=lambda one: (one.expiry, one.lot_id)):
            part = min(amount, lot.free) if lot.state == ACTIVE else 0  # Growth never has an active one.
            if part > 0:
                parts.append((lot, part))
                amount -= part
        if amount > 0:
            raise Impossible(f"{amount} more are taken than {self.root} has")
        return parts

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
        lot.remaining += amount
        lot.state = ACTIVE
        return self._make_free(lot, amount, now)

    # ---- tiers and merges ----

    def judge(self) -> None:
        """Up at once; nothing in this program takes a level away."""
        growth = self.total("growth", "available")
        self.level = max(self.level, sum(growth >= threshold for threshold in LEVELS))

    def absorb(self, other: "Member") -> None:
        """The larger counter goes on, with the merge as its next step."""
        self.sides += other.sides
        self.seq = max(self.seq, other.seq) + 1
        self.level = max(self.level, other.level)
        self.lots |= other.lots
        self.holds |= other.holds
        self.sums |= other.sums
        self.judge()
