"""The auditor's own orders: what they earn, line by line, and what is due back of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor


@dataclass(frozen=True)
class Rule:
    """So many points for so much money, without freight or with it; usable so many days later."""

    rule_id: str
    currency: str
    points: int
    per_minor: int
    of_freight: bool
    days: int


RULES = (Rule("order_points", "points", 1, 200, False, 0), Rule("order_growth", "growth", 1, 100, True, 0),
         Rule("order_bonus", "points", 1, 500, False, 1))


def shares(total: int, weights: list[int]) -> list[int]:
    """In proportion, by largest remainder; of equal ones the first."""
    exact = [Fraction(total * weight, sum(weights) or 1) for weight in weights]
    parts = [floor(one) for one in exact]
    places = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in places[:total - sum(parts)]:
        parts[place] += 1
    return parts


def shares_within(total: int, weights: list[int], limits: list[int]) -> list[int]:
    """What one has no room for goes to the others in the same way."""
    parts, open_weights = [0] * len(weights), [weight if limit else 0 for weight, limit in zip(weights, limits)]
    while True:
        now = shares(total, open_weights)
        over = [place for place, part in enumerate(now) if open_weights[place] and part > limits[place]]
        if not over:
            return [before + part for before, part in zip(parts, now)]
        for place in over:
            parts[place], open_weights[place] = limits[place], 0
            total -= limits[place]


@dataclass
class Award:
    """What a rule gave for an order; `lot` is its lot, None for growth that counted at once."""

    rule: Rule
    by_line: list[int]
    time: datetime
    lot: object = None
    back: int = 0

    @property
    def amount(self) -> int:
        return sum(self.by_line)

    @property
    def activation(self) -> datetime:
        return self.time + timedelta(days=self.rule.days)


@dataclass
class Order:
    """An order as it was paid, and what came back of it. Freight is the last line, of no piece."""

    side: str
    paid: dict  # The payload of order_paid.
    awards: list[Award] = field(default_factory=list)

    def __post_init__(self):
        self.pieces = [int(line["quantity"]) for line in self.paid["lines"]]
        self.money = [int(line["paid_minor"]) for line in self.paid["lines"]]
        if int(self.paid.get("freight_minor", 0)):
            self.pieces.append(0)
            self.money.append(int(self.paid["freight_minor"]))
        self.back_pieces = [0] * len(self.pieces)
        self.back_money = [0] * len(self.money)

    def earn(self, time: datetime) -> list[Award]:
        """What the program gives for it."""
        goods = len(self.paid["lines"])
        for rule in RULES:
            counted = [money if place < goods or rule.of_freight else 0 for place, money in enumerate(self.money)]
            amount = sum(counted) * rule.points // rule.per_minor
            if amount:
                self.awards.append(Award(rule, shares(amount, counted), time))
        return self.awards

    def _part_back(self, line: int) -> Fraction:
        pieces = Fraction(self.back_pieces[line], self.pieces[line]) if self.pieces[line] else Fraction(0)
        money = Fraction(self.back_money[line], self.money[line]) if self.money[line] else Fraction(0)
        return min(Fraction(1), pieces + money)

    def due_back(self, award: Award) -> int:
        return sum(floor(part * self._part_back(line)) for line, part in enumerate(award.by_line))

    def _money_left(self, line: int) -> int:
        of_pieces = self.money[line] * self.back_pieces[line] // self.pieces[line] if self.pieces[line] else 0
        return max(0, self.money[line] - of_pieces - self.back_money[line])

    def take_back(self, refund: dict) -> str:
        """Notes what came back; the reason of a refusal, after which it is as before, or ""."""
        before = list(self.back_pieces), list(self.back_money)
        reason = self._note(refund)
        if reason:
            self.back_pieces, self.back_money = before
        return reason

    def _note(self, refund: dict) -> str:
        lines = [(int(one["line"]), int(one.get("pieces", 0)), int(one.get("money_minor", 0)))
                 for one in refund.get("lines", [])]
        for line, pieces, _ in lines:
            if pieces > self.pieces[line] - self.back_pieces[line]:
                return "TOO_MANY_PIECES"
            self.back_pieces[line] += pieces
        for line, _, money in lines:
            if money > self._money_left(line):
                return "TOO_MUCH_MONEY"
            self.back_money[line] += money
        spread = int(refund.get("money_minor", 0))
        left = [self._money_left(line) for line in range(len(self.money))]
        if spread > sum(left):
            return "TOO_MUCH_MONEY"
        if spread:
            for line, money in enumerate(shares_within(spread, self.money, left)):
                self.back_money[line] += money
        return ""
