"""The auditor's model by the examples of the meaning, so that it is not the services that say what is right."""

import random
import unittest
import unittest.mock
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import truth  # noqa: F401 (finds the auditor)

import model
import tiers
from model import ACTIVE, Lot, Member, Taken
from orders import Award, Order, Rule, shares, shares_within
from tiers import Tier

_NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
_DAY = timedelta(days=1)


def _order(*lines: tuple[int, int], freight: int = 0) -> Order:
    paid = {"lines": [{"quantity": quantity, "paid_minor": paid} for quantity, paid in lines], "freight_minor": freight}
    return Order("a", paid)


def _member(*sides: str) -> Member:
    return Member(sides[0], list(sides), ZoneInfo("Etc/GMT"))


def _earn(member: Member, lot_id: str, amount: int, activation: datetime = _NOW) -> Lot:
    lot = Lot(lot_id, member.root, "points", amount, activation, activation + 2 * _DAY, _NOW)
    member.earn(lot, _NOW)
    return lot


def _bought(member: Member, lot: Lot) -> Order:
    """An order of one piece for each point of the lot."""
    order = _order((lot.amount, 100 * lot.amount))
    order.awards.append(Award(Rule("r", "points", 1, 100, False, 0), [lot.amount], _NOW, lot))
    return order


class OrderTest(unittest.TestCase):

    def test_what_is_due_back_of_pieces_ends_at_the_award(self):
        order = _order((3, 900))
        award = Award(Rule("r", "points", 1, 100, False, 0), [7], _NOW)
        due = []
        for _ in range(3):
            self.assertEqual(order.take_back({"lines": [{"line": 0, "pieces": 1}]}), "")
            due.append(order.due_back(award))
        self.assertEqual(due, [2, 4, 7])
        self.assertEqual(order.take_back({"lines": [{"line": 0, "pieces": 1}]}), "TOO_MANY_PIECES")

    def test_money_and_pieces_add_up(self):
        order = _order((4, 400), freight=100)
        award = Award(Rule("r", "points", 1, 100, False, 0), [4, 1], _NOW)
        self.assertEqual(order.take_back({"lines": [{"line": 0, "pieces": 1, "money_minor": 100}]}), "")
        self.assertEqual(order.due_back(award), 2)
        self.assertEqual(order.take_back({"money_minor": 301}), "TOO_MUCH_MONEY")
        self.assertEqual(order.take_back({"money_minor": 300}), "")
        self.assertEqual((order.due_back(award), order.back_money), (5, [300, 100]))

    def test_shares(self):
        self.assertEqual(shares(30, [1000, 2000, 5]), [10, 20, 0])
        self.assertEqual(shares(2, [1, 1, 1]), [1, 1, 0])
        self.assertEqual(shares_within(10, [5, 5], [2, 9]), [2, 8])


@unittest.mock.patch.object(model, "DEBT_MAX", 60)
class DebtTest(unittest.TestCase):

    def test_debt_up_to_the_limit_and_the_rest_forgiven(self):
        member = _member("a")
        lot = _earn(member, "1", 200)
        member.spend("s", "a", 170, _NOW)
        order = _bought(member, lot)
        order.take_back({"lines": [{"line": 0, "pieces": 110}]})
        member.claw_back(order)
        self.assertEqual(member.taken, [Taken("r", 110, 0, 30, 60, 20)])
        _earn(member, "2", 70)
        self.assertEqual((member.total("points", "debt"), member.total("points", "available")), (0, 10))
        member.refund(member.holds["s"], 50, _NOW)  # 20 make good what was forgiven.
        self.assertEqual((member.total("points", "available"), member.total("points", "forgiven")), (40, 0))

    def test_what_is_held_is_owed_until_the_hold_ends(self):
        for captured, debt, available in ((0, 0, 0), (100, 60, 0), (40, 0, 0)):
            member = _member("a")
            lot = _earn(member, "1", 100)
            member.hold("h", "a", 100, _NOW + _DAY)
            order = _bought(member, lot)
            order.take_back({"lines": [{"line": 0, "pieces": 60 if captured == 40 else 100}]})
            member.claw_back(order)
            self.assertEqual(member.total("points", "debt"), 60 if captured == 40 else 100)
            member.end_hold(member.holds["h"], 1, captured, _NOW)
            self.assertEqual((member.total("points", "debt"), member.total("points", "available")), (debt, available))

    def test_pending_points_of_the_order_go_first(self):
        member = _member("a")
        lot = _earn(member, "1", 50, _NOW + _DAY)
        _earn(member, "2", 50)
        order = _bought(member, lot)
        order.take_back({"lines": [{"line": 0, "pieces": 50}]})
        member.claw_back(order)
        self.assertEqual(member.taken, [Taken("r", 50, 50, 0, 0, 0)])
        self.assertEqual(member.total("points", "available"), 50)

    def test_an_expired_point_counts_as_taken_back(self):
        member = _member("a")
        lot = _earn(member, "1", 50)
        member.catch_up(_NOW + 2 * _DAY)
        order = _bought(member, lot)
        order.take_back({"lines": [{"line": 0, "pieces": 50}]})
        member.claw_back(order)
        self.assertEqual(member.taken, [])

    def test_a_warning_comes_once(self):
        member = _member("a")
        lot = _earn(member, "1", 50)
        self.assertIsNone(member.warn("a", _NOW))
        self.assertEqual(member.warn("a", _NOW + _DAY), (50, lot.expiry))
        self.assertIsNone(member.warn("a", _NOW + _DAY))
        self.assertEqual(lot.state, ACTIVE)


class TierTest(unittest.TestCase):

    def _tier(self, level: int, growth: int) -> Tier:
        tier = Tier(level=level)
        tier.enrol(date(2024, 2, 29), date(2026, 2, 1))
        tier.add(date(2026, 2, 27), growth)
        return tier

    def test_a_review_judges_the_year_that_ended(self):
        tier = self._tier(4, 60)
        tier.add(date(2026, 2, 28), 1000)
        tier.review(date(2026, 2, 27), False)
        self.assertEqual(tier.changes, [])
        tier.review(date(2026, 2, 28), False)
        self.assertEqual(tier.changes, [tiers.Change(4, 3, tiers.REVIEW, 60)])
        self.assertEqual(tier.due, date(2027, 2, 28))

    def test_who_qualifies_stays(self):
        tier = self._tier(2, 60)
        tier.review(date(2026, 3, 5), False)
        self.assertEqual((tier.level, tier.changes), (2, []))

    def test_a_review_that_a_faster_clock_may_have_had_is_believed(self):
        tier = self._tier(2, 60)
        tier.approach_review()
        tier.add(date(2026, 2, 27), -60)
        tier.review(date(2026, 2, 28), False)
        self.assertEqual(tier.level, 2)

    def test_two_are_reviewed_with_the_older_enrolment(self):
        younger, older = Tier(level=2), Tier(level=1)
        younger.enrol(date(2025, 6, 20), date(2026, 3, 1))
        older.enrol(date(2023, 2, 10), date(2026, 3, 1))
        younger.unite(older)
        self.assertEqual((younger.due, younger.level), (date(2027, 2, 10), 2))

    def test_a_review_that_one_had_does_not_come_again_for_both(self):
        had, late = Tier(level=4), Tier(level=4)
        for tier in (had, late):
            tier.enrol(date(2024, 3, 1), date(2026, 2, 1))
        had.review(date(2026, 3, 1), True)
        late.review(had.had, True)
        late.unite(had)
        self.assertEqual((late.level, late.due), (3, date(2027, 3, 1)))

    def test_two_have_each_review_once_whatever_their_clocks(self):
        seed = random.randrange(1_000_000)
        rng = random.Random(seed)
        for _ in range(300):
            ones = [Tier(level=9), Tier(level=9)]
            for tier in ones:
                tier.enrol(date(2024, rng.randint(2, 3), rng.randint(1, 3)), date(2026, 1, 1))
                tier.review(date(2026, rng.randint(2, 3), rng.randint(1, 3)), True)
            until = max(ones[0].had, ones[1].had, date(2026, 2, rng.randint(1, 28)))
            for tier in ones:
                tier.review(until, True)
            reviews = [tier.level for tier in ones]
            ones[0].unite(ones[1])
            one, enrolled = ones[0], ones[0].enrolled
            self.assertEqual(one.level, max(reviews), f"seed {seed}")
            due = next(day for day in (until + n * _DAY for n in range(1, 400))
                       if day in (tiers.anniversary(enrolled, 2026), tiers.anniversary(enrolled, 2027)))
            self.assertEqual(one.due, due, f"seed {seed}")


if __name__ == "__main__":
    unittest.main()
