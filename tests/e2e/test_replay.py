"""The real shop's year through Kafka and both services: the same figures as computed from the raw file alone."""

import unittest

import world
from devlib import retail

_ANCHOR = ["--anchor", world.ANCHOR.isoformat()]
_RESIDENT_MB_MAX = 300


class ReplayTest(unittest.TestCase):
    maxDiff = None

    def _assert_as_expected(self, report: dict, want: dict) -> None:
        self.assertEqual(world.compared(report), world.compared(want))
        self.assertEqual(world.broken(report), {})
        self.assertGreater(len(report["invariants"]), 5)  # There is something that could have been broken.

    def test_the_report_is_the_independent_computation_also_after_the_topic_came_twice(self):
        with world.shop() as deployment:
            report = retail.report(deployment, retail.replay(deployment, _ANCHOR))
            self._assert_as_expected(report, world.expected())
            for name, megabytes in report["resident_mb"].items():
                self.assertLessEqual(megabytes, _RESIDENT_MB_MAX, name)
            print(f"  one instance: {report['events_per_second']} events/s, {report['seconds']} s", flush=True)

            again = retail.report(deployment, retail.replay(deployment, _ANCHOR))
            want = world.expected()
            want["identity"]["dead_letters"] *= 2
            want["identity"]["duplicates_dropped"] += report["published"]["events"] + report["published"]["duplicates"]
            self._assert_as_expected(again, want)
            self._assert_the_command_line_tells(deployment, report)

    def test_two_instances_of_each(self):
        with world.shop(instances=2) as deployment:
            self._assert_as_expected(retail.report(deployment, retail.replay(deployment, _ANCHOR)), world.expected())

    def test_partitions_interleaved_differently(self):
        with world.shop() as deployment:
            run = retail.replay(deployment, [*_ANCHOR, "--seed", "7"])
            self._assert_as_expected(retail.report(deployment, run), world.expected())

    def _assert_the_command_line_tells(self, deployment, report: dict) -> None:
        """Tables that people ask for, about the best member."""
        client, best = deployment.client, report["top_members"][0]
        customer = f"douyin_open_id/app1={best['account']}"
        shown = client.run("customer", "get", customer, "--reveal")
        self.assertIn(best["account"], shown)
        self.assertIn(best["tier"], shown)
        self.assertNotIn(best["account"], client.run("customer", "get", customer))
        self.assertIn("complete", client.run("customer", "explain", customer))
        self.assertIn("created by it", client.run("customer", "explain", "jd", "or-536365"))
        self.assertIn(f"{best['points']:,}", client.run("points", "balance", customer))
        self.assertIn("clawed_back", client.run("points", "entries", customer, "--currency", "points", "--limit", "500"))
        self.assertIn(f"{best['points']:,}", client.run("points", "explain", customer))
        self.assertIn("complete", client.run("merge", "list", "--limit", "3"))
        self.assertEqual(client.json("merge", "list", "--state", "open")["merges"], [])
        letters = client.json("dlq", "list", "--limit", "1")
        self.assertEqual(letters["total_count"], 2 * report["identity"]["dead_letters"])
        self.assertEqual(len(letters["dead_letters"]), 1)
        letter = letters["dead_letters"][0]
        self.assertIn("not an event", client.run("dlq", "show", f"{letter['service']}/{letter['dead_letter_id']}"))
        self.assertIn("all hold", client.run("check"))
        self.assertIn("tessera.oneid.customer.v1", client.run("progress"))


if __name__ == "__main__":
    unittest.main()
