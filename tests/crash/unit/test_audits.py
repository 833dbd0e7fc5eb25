"""Plants one lie of each kind into a true run, and sees that it is found."""

import dataclasses
import unittest

import truth

import audit_calls
import audit_identity
import audit_ledger
import audit_logs
import call_log
from google.rpc import error_details_pb2, status_pb2
from people import groups
from setting import BRAND
from state import State
from tessera.events.v1 import customer_event_pb2, dead_letter_pb2
from tessera.membership.v1 import events_pb2


def _rules(attempts: list[call_log.Attempt], state: State) -> set[str]:
    calls = call_log.calls(attempts)
    return {violation.rule for violation in [*audit_logs.audit(state), *audit_calls.audit(calls, state),
                                             *audit_identity.audit([truth.CUSTOMER], [], state),
                                             *audit_ledger.audit(calls, state, BRAND, truth.SETTING)]}


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
                                                  {"transaction_id": "transaction-9", "member_seq": 9})
        self._assert_found("doubled success")

    def test_a_refusal_that_left_an_entry(self):
        self.tables["membership.transfer"].append(self.tables["membership.transfer"][0] |
                                                  {"transaction_id": "transaction-9", "cause_id": truth.SPEND})
        self._assert_found("trace of no success")

    def test_a_retry_that_was_answered_otherwise(self):
        self.attempts.append(dataclasses.replace(self.attempts[1], reply_hex=truth.HELD))
        self._assert_found("answers differ", "answer not kept")

    def test_a_request_id_that_was_used_for_something_else(self):
        self.attempts.append(dataclasses.replace(self.attempts[1], expects="REQUEST_ID_REUSED"))
        self._assert_found("unexpected answer")

    def test_a_lost_and_a_doubled_event(self):
        event = self.attempts[4]
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

    def test_a_refusal_for_another_reason(self):
        self.attempts[3] = dataclasses.replace(self.attempts[3], reason="CURRENCY_UNKNOWN")
        self._assert_found("wrong refusal")

    def test_a_refusal_that_was_kept_and_never_told(self):
        self.attempts[3] = dataclasses.replace(self.attempts[3], code="UNAVAILABLE", reason="")
        kept = self.tables["membership.request"][2]
        for reason, rules in (("INSUFFICIENT_POINTS", set()), ("HOLD_ENDED", {"wrong refusal"})):
            refusal = status_pb2.Status(code=9)
            refusal.details.add().Pack(error_details_pb2.ErrorInfo(reason=reason))
            kept["answer"] = refusal.SerializeToString().hex()
            self.assertEqual(_rules(self.attempts, self.state), rules)

    def test_a_refusal_without_a_reason(self):
        self.attempts[3] = dataclasses.replace(self.attempts[3], reason="")
        self._assert_found("wrong refusal")

    def test_a_refusal_of_what_the_member_had(self):
        self._refuse_25(truth.NOW_SECONDS + 2)  # After the hold was answered there were 30 or more.
        self._assert_found("wrong refusal")

    def test_a_refusal_that_was_right_at_a_state_of_its_time(self):
        self._refuse_25(truth.NOW_SECONDS)  # The earning was under way.
        self.assertEqual(_rules(self.attempts, self.state), set())

    def _refuse_25(self, when: float) -> None:
        self.attempts[3].request["amount"] = "25"
        self.attempts[3] = dataclasses.replace(self.attempts[3], start_seconds=when, end_seconds=when + 1)

    def test_a_refusal_that_is_right_by_what_time_has_done(self):
        self._refuse_25(truth.NOW_SECONDS + 3 * truth.DAY_SECONDS)  # All has expired.
        self.assertEqual(_rules(self.attempts, self.state), set())

    def test_a_customer_who_is_said_to_be_unknown(self):
        self.attempts[3] = dataclasses.replace(self.attempts[3], reason="CUSTOMER_UNKNOWN")
        self._assert_found("wrong refusal")

    def test_a_success_that_had_to_be_refused(self):
        self.attempts[1].request["currency"] = "gold"
        self.attempts[0].request["currency"] = "gold"
        self._assert_found("not refused")

    def test_a_clawback_that_is_off_by_one(self):
        fact = events_pb2.PointsClawedBack.FromString(self.events.outbox[4].data)
        fact.clawbacks[0].amount += 1
        self.events.outbox[4].data = self.events.topic[4].data = fact.SerializeToString()
        self._assert_found("other clawback")

    def test_an_order_of_which_more_came_back(self):
        self.tables["membership.shop_order"][0]["back"] = [2, 0]
        self._assert_found("other order")

    def test_a_refund_of_more_than_there_is(self):
        self.attempts[5].request["event"]["event"]["order_refunded"]["lines"][0]["pieces"] = "3"
        self._assert_found("not refused")

    def test_an_event_without_its_effect(self):
        event = dataclasses.replace(self.attempts[4], request_id="other",
                                    request={"event": {"event": {"check_in_done": {}}}})
        self.attempts.append(event)
        self.tables["oneid.channel_event"].append({"event_id": "other"})
        self._assert_found("event without effect")

    def test_a_dead_letter_of_a_good_event(self):
        self._set_aside(truth.ORDER, "ORDER_CHANGED")
        self._assert_found("wrong dead letter")

    def _set_aside(self, event_id: str, reason: str) -> None:
        letter = dead_letter_pb2.DeadLetter(brand_id=BRAND, event_id=f"fact-of-{event_id}", reason=reason)
        known = dataclasses.replace(self.events.outbox[0], seq=0, data=letter.SerializeToString())
        self.state.slots.append(dataclasses.replace(self.events, log=2, next_seq=1, relayed_seq=1, outbox=[known],
                                                    topic=[known]))

    def test_a_refund_that_is_refused_before_the_order_is_used_up(self):
        self._refuse_both_pieces(place=2)
        self.assertEqual(_rules(self.attempts, self.state), {"refused too early"})

    def test_a_refund_that_is_refused_when_the_order_is_used_up(self):
        self._refuse_both_pieces(place=3)
        self.assertEqual(_rules(self.attempts, self.state), set())

    def _refuse_both_pieces(self, place: int) -> None:
        """A refund of both pieces at this place of oneid's topic; the accepted one of one piece is at place 2 or 3."""
        refund = {"order_id": "o", "refund_id": "both", "lines": [{"line": 0, "pieces": "2"}]}
        self.attempts.append(dataclasses.replace(self.attempts[5], request_id="both",
                                                 request={"event": {"event": {"order_refunded": refund}}}))
        self.tables["oneid.channel_event"].append({"event_id": "both"})
        resolved = self.state.slots[1]
        resolved.next_seq = resolved.relayed_seq = 4
        for log in (resolved.outbox, resolved.topic):
            log.insert(place, dataclasses.replace(
                log[2], id="fact-of-both", data=customer_event_pb2.CustomerEvent(source_event_id="both").SerializeToString()))
            for seq, event in enumerate(log):
                event.seq = seq
        self._set_aside("both", "TOO_MANY_PIECES")

    def test_what_was_due_and_not_done(self):
        self.state.taken_seconds += 3 * truth.DAY_SECONDS
        self._assert_found("hold not ended", "lot not activated", "lot not expired", "warning lost")

    def test_a_review_that_is_late(self):
        self.state.taken_seconds += 150 * truth.DAY_SECONDS
        self._assert_found("review late")

    def test_a_review_that_was_lost(self):
        self.tables["membership.member"][0]["tier_due_time"] = None
        self._assert_found("review lost")

    def test_a_review_at_another_time(self):
        self.tables["membership.member"][0]["tier_due_time"] = "2026-08-01 00:00:00+00:00"
        self._assert_found("other review")

    def test_who_is_one_person_follows_from_pairs(self):
        self.assertEqual(groups(5, [(0, 3), (1, 2), (3, 4)]), [{0, 3, 4}, {1, 2}])


if __name__ == "__main__":
    unittest.main()
