"""Hand-computed cases of the independent computation, so that the yardstick itself is measured."""

import datetime
import gzip
import tempfile
import unittest
from decimal import Decimal
from pathlib import Path

import recompute

DAY = datetime.datetime(2011, 3, 1, 10, 0)


def rows(*texts):
    """Rows from `invoice stock quantity price customer`, a minute apart; `-` is no customer."""
    result = []
    for minute, text in enumerate(texts):
        invoice, stock, quantity, price, customer = text.split()
        result.append(recompute.Row(invoice, stock, int(quantity), DAY + datetime.timedelta(minutes=minute),
                                    Decimal(price), "" if customer == "-" else customer))
    return result


def returned(data):
    """Pieces that came back, by order and line."""
    return {order.order_id: [line.returned for line in order.lines] for order in data.orders}


class LinesTest(unittest.TestCase):

    def test_amount_is_rounded_half_up_once_per_line(self):
        self.assertEqual(recompute.line_amount(6, Decimal("2.55")), 1530)
        self.assertEqual(recompute.line_amount(1, Decimal("0.005")), 1)
        self.assertEqual(recompute.line_amount(3, Decimal("0.005")), 2)  # 1.5, not three times 0.5 rounded.
        self.assertEqual(recompute.line_amount(1, Decimal("0.001")), 0)
        self.assertEqual(recompute.line_amount(1, Decimal("1.005")), 101)  # A double would say 100.

    def test_lines_without_quantity_or_price_are_skipped_with_or_without_customer(self):
        data = recompute.replay(rows("1 A 0 1 12345", "1 B -2 1 12345", "1 C 1 0 12345", "1 D 1 1 12345",
                                     "2 E 1 -1 -", "A3 F 1 -5 -"))
        self.assertEqual(data.skipped_lines, 4)  # The A invoice is not counted.
        self.assertEqual([order.order_id for order in data.orders], ["1"])

    def test_an_invoice_with_rows_apart_is_one_event_at_its_first_place(self):
        data = recompute.replay(rows("1 A 1 1 12345", "2 B 1 1 12346", "1 C 1 1 12345"))
        self.assertEqual([(order.order_id, len(order.lines)) for order in data.orders], [("1", 2), ("2", 1)])
        self.assertEqual(data.orders[0].time, DAY)

    def test_channel_and_account(self):
        order = recompute.Order("536365", "17850", DAY, [])
        self.assertEqual(recompute.crc32("536365") % 4, recompute.CHANNELS.index(order.channel))
        self.assertEqual(order.account, "17850@" + order.channel)
        self.assertEqual(recompute.Order("536365", "", DAY, []).account, "anon-536365")
        self.assertEqual(recompute.Order("536365", "", DAY, []).channel, "web")

    def test_crc32_is_zlibs(self):
        self.assertEqual(recompute.crc32("123456789"), 0xCBF43926)


class CancellationsTest(unittest.TestCase):

    def test_latest_order_first_then_highest_line_then_earlier_orders(self):
        data = recompute.replay(rows("1 A 5 2.00 12345", "2 A 2 2.00 12345", "2 A 3 2.00 12345", "C3 A -6 2.00 12345"))
        self.assertEqual(returned(data), {"1": [1], "2": [2, 3]})
        self.assertEqual([event.event_id for event in data.refunds], ["or-ref-C3-2", "or-ref-C3-1"])
        self.assertEqual(data.unmatched_pieces, 0)

    def test_only_same_stock_code_price_and_customer_and_only_earlier_orders(self):
        data = recompute.replay(rows("1 A 5 2.00 12345", "2 A 5 2.00 99999", "C3 A -1 2.01 12345", "C4 B -1 2.00 12345",
                                     "C5 A -7 2.0 12345", "6 A 9 2.00 12345"))
        self.assertEqual(returned(data), {"1": [5], "2": [0], "6": [0]})
        self.assertEqual(data.unmatched_pieces, 1 + 1 + 2)
        self.assertEqual([event.event_id for event in data.refunds], ["or-ref-C5-1"])

    def test_what_is_back_cannot_come_back_again(self):
        data = recompute.replay(rows("1 A 5 2.00 12345", "C2 A -3 2.00 12345", "C3 A -3 2.00 12345"))
        self.assertEqual(returned(data), {"1": [5]})
        self.assertEqual(data.unmatched_pieces, 1)
        self.assertEqual(len(data.refunds), 2)

    def test_two_rows_of_one_cancellation_make_one_refund_of_an_order(self):
        data = recompute.replay(rows("1 A 5 2.00 12345", "1 B 1 1 12345", "C2 A -1 2.00 12345", "C2 B -1 1 12345",
                                     "C2 A -1 2.00 12345"))
        self.assertEqual(returned(data), {"1": [2, 1]})
        self.assertEqual([event.event_id for event in data.refunds], ["or-ref-C2-1"])

    def test_without_a_customer_everything_is_unmatched(self):
        data = recompute.replay(rows("1 A 5 2.00 -", "C2 A -3 2.00 -"))
        self.assertEqual((returned(data), data.unmatched_pieces, data.refunds), ({"1": [0]}, 3, []))

    def test_given_back_is_cumulative(self):
        self.assertEqual([recompute.given_back(7, pieces, 3) for pieces in (1, 2, 3)], [2, 4, 7])
        self.assertEqual(recompute.given_back(1000, 1, 3), 333)


class BindingsTest(unittest.TestCase):

    @staticmethod
    def _account_with(k):
        """An account whose binding comes after its k-th order."""
        for number in range(12000, 13000):
            account = f"{number}@jd"
            if 1 + recompute.crc32(account) % 3 == k:
                return str(number)
        raise AssertionError("no such account")

    @staticmethod
    def _orders(customer, count):
        ids = [number for number in map(str, range(100, 400))
               if recompute.CHANNELS[recompute.crc32(number) % 4] == "jd"]
        return recompute.replay(rows(*(f"{invoice} A 1 1 {customer}" for invoice in ids[:count])))

    def test_after_the_kth_order_one_second_later(self):
        for k in (1, 2, 3):
            customer = self._account_with(k)
            binding, = self._orders(customer, 5).bindings
            self.assertEqual(binding.event_id, f"or-bind-{customer}@jd")
            self.assertEqual(binding.time, DAY + datetime.timedelta(minutes=k - 1, seconds=1))

    def test_after_the_last_order_if_there_are_fewer(self):
        binding, = self._orders(self._account_with(3), 2).bindings
        self.assertEqual(binding.time, DAY + datetime.timedelta(minutes=1, seconds=1))

    def test_accounts_of_one_customer_number_become_one(self):
        channels = {recompute.CHANNELS[recompute.crc32(str(number)) % 4]: number for number in range(100, 140)}
        self.assertEqual(len(channels), 4)
        data = recompute.replay(rows(*(f"{number} A 1 1 12345" for number in channels.values()),
                                     f"{channels['jd'] + 1000} A 1 1 -"))
        figures = recompute.identity_figures(data)
        self.assertEqual((figures["customers"], figures["merges"], figures["anonymous_customers"]), (1, 3, 1))
        self.assertEqual(len(data.bindings), 4)


class MembershipTest(unittest.TestCase):

    def test_allocation_by_largest_remainder(self):
        self.assertEqual(recompute.allocate(30, [1000, 2000, 5]), [10, 20, 0])
        self.assertEqual(recompute.allocate(1, [50, 50]), [1, 0])  # Ties: the lower line.
        self.assertEqual(recompute.allocate(10, [333, 333, 334]), [3, 3, 4])
        self.assertEqual(recompute.allocate(2, [99, 100, 99]), [1, 1, 0])
        self.assertEqual(recompute.allocate(0, [0, 0]), [0, 0])
        self.assertEqual(sum(recompute.allocate(7, [1, 1, 1, 1])), 7)

    def test_postage_earns_nothing_and_codes_are_exact(self):
        order = recompute.replay(rows("1 POST 1 90 12345", "1 M 1 5 12345", "1 A 1 10.99 12345",
                                      "1 Post 1 2.01 12345")).orders[0]
        self.assertEqual(recompute.award_of(order), 13)  # 10.99 + 2.01, floored once per order.

    def test_clawback_by_line(self):
        data = recompute.replay(rows("1 A 3 2.50 12345", "C2 A -1 2.50 12345", "C3 A -1 2.50 12345"))
        self.assertEqual(recompute.award_of(data.orders[0]), 7)
        self.assertEqual(recompute.clawback_of(data.orders[0]), 4)

    def test_clawback_of_a_line_that_earns_nothing(self):
        data = recompute.replay(rows("1 A 1 10 12345", "1 POST 2 50 12345", "C2 POST -1 50 12345"))
        self.assertEqual(recompute.clawback_of(data.orders[0]), 0)
        self.assertEqual(recompute.sales_figures(data)["refunded_minor"], 5000)

    def test_tiers(self):
        self.assertEqual([recompute.tier_of(growth) for growth in (0, 199, 200, 499, 500, 1999, 2000, 4999, 5000)],
                         ["V1", "V1", "V2", "V2", "V3", "V3", "V4", "V4", "V5"])

    def test_top_members_by_points_then_account(self):
        data = recompute.replay(rows("101 A 1 300 12346", "102 A 1 300 12345", "103 A 1 700 12347", "104 A 1 9 -"))
        figures, top = recompute.membership_figures(data)
        self.assertEqual([(one["account"].split("@")[0], one["points"], one["tier"]) for one in top],
                         [("12347", 700, "V3"), ("12345", 300, "V2"), ("12346", 300, "V2")])
        self.assertEqual((figures["members"], figures["points_earned"], figures["tiers"]["V2"]), (3, 1300, 2))


class TimesTest(unittest.TestCase):

    def test_last_row_falls_on_one_of_the_last_seven_days(self):
        last = datetime.date(2011, 12, 9)
        for today in (datetime.date(2026, 11, 15) + datetime.timedelta(days=day) for day in range(30)):
            moved = last + datetime.timedelta(weeks=recompute.weeks_to_shift(last, today))
            self.assertIn((today - moved).days, range(1, 8))
            self.assertEqual(moved.weekday(), last.weekday())

    def test_wall_time_stays_over_the_change_to_summer_time(self):
        winter = datetime.datetime(2011, 3, 22, 9, 30)  # Shifted by a week it is summer time.
        self.assertEqual(recompute.shifted(winter, 0).isoformat(), "2011-03-22T09:30:00+00:00")
        self.assertEqual(recompute.shifted(winter, 1).isoformat(), "2011-03-29T08:30:00+00:00")
        self.assertEqual(recompute.shifted(winter, 1).astimezone(recompute.ZONE).hour, 9)

    def test_wall_times_that_are_missing_or_repeated(self):
        self.assertEqual(recompute.shifted(datetime.datetime(2011, 3, 20, 1, 30), 1).isoformat(),
                         "2011-03-27T01:30:00+00:00")
        self.assertEqual(recompute.shifted(datetime.datetime(2011, 10, 23, 1, 30), 1).isoformat(),
                         "2011-10-30T00:30:00+00:00")


class FileTest(unittest.TestCase):

    def test_reads_quoted_fields_and_reports(self):
        text = ("invoice_no,stock_code,description,quantity,invoice_ts,unit_price,customer_id,country\n"
                '101,A,"BOX, RED",2,2011-03-01 10:00:00,2.50,12345,United Kingdom\n'
                "102,POST,POSTAGE,1,2011-03-01 10:05:00,18.00,,France\n")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "small.csv.gz")
            path.write_bytes(gzip.compress(text.encode()))
            report = recompute.report(recompute.read_rows(str(path)), datetime.date(2011, 3, 2))
        self.assertEqual(report["published"]["orders"], 2)
        self.assertEqual(report["published"]["events"], 3)
        self.assertEqual(report["sales"]["amount_minor"], 2300)
        self.assertEqual(report["sales"]["by_channel"]["web"], 1800)
        self.assertEqual(report["membership"]["points_balance"], 5)
        self.assertEqual(report["times"]["last"], "2011-03-01T10:05:00+00:00")


if __name__ == "__main__":
    unittest.main()
