"""The command line against the service that every new one starts as: what operators ask, and errors that help."""

import json
import subprocess
import tempfile
import unittest

import world
from devlib import dsn
from devlib.errors import DevError

_CUSTOMER = "0192f0c1-5b7a-7cde-8f01-23456789abcd"


class CommandLineTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.deployment = cls.enterClassContext(world.services(["sample"]))
        cls.client = cls.deployment.client
        cls.operator = cls.client.run("token", "--brand", "*", "--role", "operator").strip()

    def _fails(self, *arguments: str, code: int = 1, token: str = "") -> str:
        with tempfile.NamedTemporaryFile("w", encoding="ascii") as file, self.assertRaises(DevError) as caught:
            file.write(f"{token}\n")
            file.flush()
            self.client.run(*arguments, *(["--token-file", file.name] if token else []))
        self.assertIn(f"failed ({code})", str(caught.exception))
        return str(caught.exception)

    def test_call_lists_and_describes_methods(self):
        self.assertIn("tessera.sample.v1.ActivityService/GetActivity", self.client.run("call"))
        methods = {one["method"]: one["roles"] for one in json.loads(self.client.run("call", "--json"))}
        self.assertEqual(methods["tessera.ops.v1.OperationsService/RunChecks"], ["operator"])
        described = self.client.run("call", "GetActivity", "--describe")
        self.assertIn("message GetActivityRequest", described)
        self.assertIn("message GetActivityResponse", described)

    def _insert_activity(self, count: int) -> None:
        database = self.deployment.backends.admin_dsn
        dsn.run(database, "INSERT INTO sample.activity (customer_id, brand_id, event_count, last_event_time) "
                          f"VALUES ('{_CUSTOMER}', 'shop', {count}, now())")
        self.addCleanup(dsn.run, database, "DELETE FROM sample.activity")

    def test_call_takes_short_names_and_makes_a_token_with_just_the_role(self):
        self._insert_activity(3)
        answer = self.client.call("sample", "ActivityService/ResetActivity", brand_id="shop", customer_id=_CUSTOMER,
                                  request_id="0192f0c1-5b7a-7cde-8f01-000000000001")
        self.assertEqual(int(answer["event_count_before"]), 3)

    def test_an_error_names_code_reason_field_and_what_to_do(self):
        told = self._fails("call", "GetActivity", '{"brand_id": "shop", "customer_id": "x"}')
        self.assertIn("error: INVALID_ARGUMENT FIELD_INVALID: customer_id: must be a UUID", told)
        self.assertIn("field: customer_id", told)
        self.assertIn("to do: correct the request", told)
        told = self._fails("call", "GetActivity", json.dumps({"brand_id": "shop", "customer_id": _CUSTOMER}))
        self.assertIn("error: NOT_FOUND CUSTOMER_UNKNOWN", told)
        self.assertIn("no tessera.sample.v1.GetActivityRequest", self._fails("call", "GetActivity", '{"brand": 1}'))
        self.assertIn("no service has a method", self._fails("call", "Nothing"))

    def test_tokens_that_are_not_good_enough_are_refused(self):
        weak = self.client.run("token", "--brand", "shop", "--role", "sample.reader").strip()
        request = json.dumps({"brand_id": "other", "customer_id": _CUSTOMER})
        self.assertIn("PERMISSION_DENIED BRAND_NOT_ALLOWED", self._fails("call", "GetActivity", request, token=weak))
        self.assertIn("PERMISSION_DENIED", self._fails("check", token=weak))
        self.assertIn("UNAUTHENTICATED TOKEN_INVALID", self._fails("check", token="x.y.z"))

    def test_checks_lists_and_progress_of_an_empty_service(self):
        self.assertIn("all hold", self.client.run("check"))
        self.assertIn("all hold", self.client.run("check", "sample"))
        self.assertEqual(self.client.json("check")["violation_count"], 0)
        self.assertEqual(self.client.run("dlq", "list"), "there are no dead letters\n")
        self.assertEqual(self.client.run("waiting", "list"), "nothing waits\n")
        self.assertEqual(self.client.run("parked", "list"), "nothing is parked\n")
        self.assertEqual(self.client.json("dlq", "replay", "--all"), {"replayed": 0, "refused_again": 0})
        self.assertIn("NOT_FOUND", self._fails("parked", "drop", "sample/1"))
        self.assertIn("NOT_FOUND", self._fails("waiting", "drop", "sample/1"))
        self.assertIn("NOT_FOUND", self._fails("dlq", "show", "sample/1"))
        self.assertIn("sample", self.client.json("progress")["services"])

    def test_a_service_that_is_away_is_told_as_such(self):
        told = self._fails("check", "membership", "--membership", "127.0.0.1:1", token="t")
        self.assertIn("error: UNAVAILABLE: membership does not answer at 127.0.0.1:1", told)
        self.assertIn("FAILED_PRECONDITION: it is not known where membership is", self._fails("check", "membership"))

    def test_the_others_answers_are_shown_beside_one_that_is_away(self):
        for command, shown in (("check", "all that were checked hold"), ("progress", "sample"), ("dlq list", "no dead letters"),
                               ("waiting list", "nothing waits"), ("parked list", "nothing is parked"),
                               ("call", "ActivityService/GetActivity"), ("dlq replay --all", "0 took effect")):
            done = self._run_with_away(command, "oneid")
            self.assertIn(shown, done.stdout)
            self.assertIn("oneid does not answer at 127.0.0.1:1", done.stderr)

    def test_each_service_that_is_away_is_named_if_all_are(self):
        for command in ("check", "dlq list", "call", "call GetActivity", "dlq replay --all"):
            done = self._run_with_away(command, "oneid", "membership", "sample")
            for service in ("oneid", "membership", "sample"):
                self.assertIn(f"{service} does not answer at 127.0.0.1:1", done.stderr, command)

    def _run_with_away(self, command: str, *services: str) -> subprocess.CompletedProcess:
        """With an operator's token, since none is made for a service that cannot be asked what it wants."""
        away = {f"TESSERA_{service.upper()}": "127.0.0.1:1" for service in services}
        done = subprocess.run(self.client.argv(*command.split()), text=True, check=False, capture_output=True,
                              env={**self.client.env, "TESSERA_TOKEN": self.operator, **away})
        self.assertEqual(done.returncode, 1, command)
        return done

    def test_top_ends_with_1_if_an_instance_did_not_answer(self):
        self.assertIn("does not answer", self._fails("top", "--looks", "1", "--every", "1", "--metrics", "127.0.0.1:1"))

    def test_call_streams_line_by_line(self):
        watch = self._fails("call", "Health/Watch", "--timeout", "2")
        self.assertIn("DEADLINE_EXCEEDED", watch)
        self.assertIn('{"status":"SERVING"}', watch)

    def test_no_token_is_made_for_another_machine(self):
        self.assertIn("UNAUTHENTICATED", self._fails("check", "membership", "--membership", "192.0.2.1:1"))

    def test_mistakes_in_the_command_itself(self):
        self.assertIn("there is no command nothing", self._fails("nothing", code=2))
        self.assertIn("no option --nothing", self._fails("check", "--nothing", code=2))
        self.assertIn("tessera dlq replay", self._fails("dlq", code=2))
        self.assertIn("set TESSERA_TOKEN, or say --token-file", self._fails("check", "--token", "x.y.z", code=2))
        for no_token in ("/nonexistent", "/dev/null", ""):
            self.assertIn(f'there is no token in "{no_token}"', self._fails("check", "--token-file", no_token, code=2))
        for command in ("call", "check", "dlq list", "points explain", "replay", "token"):
            self.assertIn(f"usage: tessera {command}", self.client.run(*command.split(), "--help"))

    def test_a_broken_invariant_is_shown_and_ends_with_1(self):
        self._insert_activity(-1)
        done = subprocess.run(self.client.argv("check"), env=self.client.env, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(_CUSTOMER, done.stdout)
        self.assertIn("1 violation\n", done.stdout)


if __name__ == "__main__":
    unittest.main()
