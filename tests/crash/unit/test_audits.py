"""Plants one lie of each kind into a true run, and sees that it is found."""

import dataclasses
import unittest

import truth

import audit_calls
import audit_identity
import audit_ledger
import audit_logs
import call_log
from people import BRAND, groups
from state import State


def _rules(attempts: list[call_log.Attempt], state: State) -> set[str]:
    calls = call_log.calls(attempts)
    return {violation.rule for violation in [*audit_logs.audit(state), *audit_calls.audit(calls, state),
                                             *audit_identity.audit([truth.CUSTOMER], [], state),
                                             *audit_ledger.audit(calls, state, BRAND)]}


class AuditsTest(unittest.TestCase):

    def setUp(self):
        self.attempts = truth.attempts()
        self.state = truth.state()
        self.tables = self.state.tables
        self.events = self.state.slots[0]

    def _assert_found(self, *rules: str) -> None:
        self.assertLessEqual(set(rules), _rules(self.attempts, self.state))

    def _call(self, name: str, request_id: str, reply: str = "00") -> call_log.Attempt:
        return dataclasses.replace(self.attempts[1], method=truth.POINTS + name, request_id=request_id, reply_hex=reply)

    def test_the_truth_has_no_violations(self):
        self.assertEqual(_rules(self.attempts, self.state), set())

    def test_lost_success(self):
        self.attempts.append(self._call("EarnPoints", "lost-request"))
        self._assert_found("lost success")

    def test_a_success_without_its_effect(self):
        self.tables["membership.request"].append(self.tables["membership.request"][0] | {"request_id": "empty"})
        self.attempts.append(self._call("EarnPoints", "empty", truth.EARNED))
        self._assert_found("success without effect")

    def test_doubled_success(self):
        self.tables["membership.transfer"].append(self.tables["membership.transfer"][0] |
                                                  {"transaction_id": "transaction-4", "member_seq": 4})
        self._assert_found("doubled success")

    def test_a_refusal_that_left_an_entry(self):
        self.tables["membership.transfer"].append(self.tables["membership.transfer"][0] |
                                                  {"transaction_id": "transaction-4", "cause_id": truth.SPEND})
        self._assert_found("trace of no success")

    def test_a_retry_that_was_answered_otherwise(self):
        self.attempts.append(dataclasses.replace(self.attempts[1], reply_hex=truth.HELD))
        self._assert_found("answers differ", "answer not kept")

    def test_a_request_id_that_was_used_for_something_else(self):
        self.attempts.append(dataclasses.replace(self.attempts[1], expects="REQUEST_ID_REUSED"))
        self._assert_found("unexpected answer")

    def test_a_lost_and_a_doubled_event(self):
        event = dataclasses.replace(self.attempts[1], method="tessera.oneid.v1.IntakeService/PublishEvent")
        self.attempts += [dataclasses.replace(event, request_id="lost"), dataclasses.replace(event, request_id="twice")]
        self.tables["oneid.channel_event"] += [{"event_id": "twice"}, {"event_id": "twice"}]
        self._assert_found("lost event", "doubled event")

    def test_changed_lot(self):
        self.tables["membership.lot"][0]["remaining"] = 49
        self._assert_found("other lot")

    def test_changed_hold(self):
        self.tables["membership.hold"][0]["part_amounts"] = [19]
        self._assert_found("other hold")

    def test_changed_sum(self):
        self.tables["membership.own_account"][0]["available"] = 31
        self._assert_found("other sums")

    def test_changed_entry(self):
        self.tables["membership.transfer"][0]["amount"] = 51
        self._assert_found("other entries")

    def test_changed_tier(self):
        self.tables["membership.member"][0]["tier_level"] = 2
        self._assert_found("other counter or tier")

    def test_other_root(self):
        self.tables["membership.member"][0]["root_id"] = "0000d"
        self._assert_found("other person", "other root")

    def test_open_merge(self):
        self.tables["oneid.merge"].append({"merge_id": "m", "state": 1, "mismatch": "", "absorbed_id": "b",
                                           "survivor_id": "a"})
        self._assert_found("merge not complete", "merge not applied")

    def test_gap_in_seq(self):
        del self.events.outbox[1]
        self._assert_found("gap in seq", "record of no event")

    def test_record_missing_in_a_topic(self):
        del self.events.topic[1]
        self._assert_found("record missing in a topic", "gap in member_seq")

    def test_changed_record(self):
        self.events.topic[1].data = b""
        self.assertIn("record differs from its event", {one.rule for one in audit_logs.audit(self.state)})

    def test_records_out_of_order(self):
        self.events.topic.reverse()
        self._assert_found("records out of order")

    def test_a_step_that_was_published_again_is_no_violation(self):
        self.events.topic += self.events.topic[1:]
        self.assertEqual(_rules(self.attempts, self.state), set())

    def test_an_effect_that_nobody_asked_for(self):
        del self.attempts[:2]
        self._assert_found("effect without a cause")

    def test_who_is_one_person_follows_from_pairs(self):
        self.assertEqual(groups(5, [(0, 3), (1, 2), (3, 4)]), [{0, 3, 4}, {1, 2}])


if __name__ == "__main__":
    unittest.main()
