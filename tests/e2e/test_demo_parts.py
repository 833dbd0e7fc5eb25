"""The parts of the demo that need no service: when all is done, how fast it was, how it is shown."""

import unittest

import world  # noqa: F401  (makes devlib importable)
from devlib import flow, show
from devlib.errors import DevError


def look(seconds: float = 0.0, read: int = 10, end: int = 10, written: int = 10, relayed: int = 10) -> dict:
    reads = {flow.CUSTOMER: {"next": read, "end": end, "lag": end - read}}
    return {"unix_seconds": seconds,
            "services": {"membership": {"reads": reads, "waiting": 0, "parked": 0,
                                        "writes": {"answers": {"written": written, "relayed": relayed}}}}}


class FakeWatch:
    def __init__(self, *looks):
        self._looks = list(looks)

    def next(self):
        return self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]


class FakeDeployment:
    def require_running(self):
        pass


class WaitTest(unittest.TestCase):

    def _wait(self, *looks, stall_seconds=0.0):
        return flow.wait_until_done(FakeDeployment(), FakeWatch(*looks), stall_seconds=stall_seconds)

    def test_done_are_two_equal_idle_looks(self):
        last = look(read=12, end=12)
        self.assertEqual(self._wait(look(read=9), look(), look(read=11, end=12), last, last, stall_seconds=60.0), last)

    def test_what_does_not_move_is_an_error_that_says_what_is_left(self):
        with self.assertRaisesRegex(DevError, "membership is 3 records behind in tessera.oneid.customer.v1"):
            self._wait(look(read=7))
        with self.assertRaisesRegex(DevError, "has published 8 of 10 to answers"):
            self._wait(look(relayed=8))
        parked = look()
        parked["services"]["membership"]["parked"] = 2
        with self.assertRaisesRegex(DevError, "2 records are parked"):
            self._wait(parked)
        with self.assertRaisesRegex(DevError, "membership: gone"):
            self._wait({"services": {"membership": {"error": "gone"}}})


class SpeedTest(unittest.TestCase):

    def test_the_middle_four_fifths_are_measured(self):
        # Slow beginning, 100 a second from 10 to 90 %, slow end.
        points = [(0.0, 5), (10.0, 105), (18.0, 905), (40.0, 1005), (41.0, 1005)]
        self.assertEqual(flow.speed(points, 1000), (40.0, 100))
        self.assertEqual(flow.speed(points, 500), (40.0, 50))  # Two records for each event.

    def test_nothing_to_do_has_no_speed(self):
        self.assertEqual(flow.speed([(1.0, 7), (2.0, 7)], 100), (2.0, 0))

    def test_looks_without_an_answer_are_left_out(self):
        looks = [look(1.0, read=1), {"unix_seconds": 2.0, "services": {"membership": {"error": "gone"}}}, look(3.0)]
        self.assertEqual(flow.timeline(looks), [(1.0, 1), (3.0, 10)])

    def test_the_fraction_is_of_both_services(self):
        one = look(read=5)
        one["services"]["oneid"] = {"reads": {flow.CHANNEL: {"next": 50, "end": 100, "lag": 50}}}
        self.assertEqual(flow.fraction_done(one), 0.25)


class ShowTest(unittest.TestCase):
    figures = {
        "published": {"events": 32826, "orders": 19959, "refunds": 3694, "bindings": 9173},
        "identity": {"duplicates_dropped": 653, "dead_letters": 66, "customers": 4338, "anonymous_customers": 1427,
                     "merges": 4835, "merges_complete": 4835},
        "membership": {"members": 4338, "points_earned": 8752353, "points_clawed_back": 443342,
                       "points_balance": 8309011, "tiers": {"V1": 681, "V2": 1661, "V3": 1, "V4": 0}},
        "top_members": [{"account": "14646@douyin", "points": 278747, "tier": "V5"}],
        "invariants": {"membership/a": 0, "oneid/b": 0}, "events_per_second": 5432, "seconds": 7.5, "stolen_percent": 3,
        "resident_mb": {"oneid-1": 120},
    }

    def test_the_report_tells_the_figures(self):
        text = show.report(self.figures, None)
        self.assertIn("32,826 channel events", text)
        self.assertIn("  V2  1,661  " + "█" * 40 + "\n", text)
        self.assertIn("  V3      1  █\n", text)  # Whatever is not nothing is seen.
        self.assertIn("  V4      0\n", text.replace("  \n", "\n"))
        self.assertIn("   1  14646@douyin       278,747 points  V5", text)
        self.assertIn("All 2 invariants hold.", text)
        self.assertIn("5,432 events/s", text)
        self.assertIn("oneid-1 120 MB", text)
        self.assertIn("host gave 3 % of the processors' time to others", text)
        self.assertNotIn("host", show.report({**self.figures, "stolen_percent": 0}, None))

    def test_broken_invariants_stand_out(self):
        text = show.report({**self.figures, "invariants": {"oneid/b": 3}}, None)
        self.assertIn("BROKEN INVARIANTS:\n  oneid/b: 3 violations", text)

    def test_a_story_runs_from_accounts_to_a_balance(self):
        entry = {"effective_time": "2026-01-02T03:04:05Z", "kind": "ENTRY_KIND_EARNED", "change": "30", "cause_id": "or-1"}
        back = {**entry, "kind": "ENTRY_KIND_CLAWED_BACK", "change": "-10", "cause_id": "or-ref-C2-1"}
        story = show.Story(
            accounts=[{"namespace": "jd_pin", "value": "1@jd", "valid_from": "2026-01-02T03:04:05Z"}],
            merges=[{"merge_time": "2026-01-03T00:00:00Z", "absorbed_customer_id": "x" * 36,
                     "survivor_customer_id": "y" * 36, "state": "MERGE_STATE_COMPLETE"}],
            entries=[entry, back], balance=20, tier="V1", customer_id="y" * 36, phone="+86138*****")
        text = show.report(self.figures, story)
        self.assertIn("1 accounts, 1 merges, one balance", text)
        self.assertIn("2026-01-02  1@jd             JD", text)
        self.assertIn("xxxxxxxxxxxx became yyyyyyyyyyyy  (complete)", text)
        self.assertIn("earned            +30        30  or-1", text)
        self.assertIn("clawed back       -10        20  or-ref-C2-1", text)
        self.assertIn("= 20 points, tier V1", text)


if __name__ == "__main__":
    unittest.main()
