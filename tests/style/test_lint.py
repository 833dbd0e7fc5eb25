"""Plants what the lint's check of placeholders must find, and neighbours that it must let pass."""

import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
_kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
from devlib import lint  # noqa: E402
sys.dont_write_bytecode = _kept

# In pieces, as the check reads this file, too.
_FOUND = ["// TO" "DO(ann): later", "# FIX" "ME", "int x;  // XX" "X", "TEST(A, DISABLED" "_B) {}", "TEST(DISABLED" "_A, B)",
          "  GTEST" "_SKIP() << 1;", "@unittest.sk" "ip", '@unittest.sk' 'ipIf(True, "")', "self.skip" "Test('x')"]
_PASSED = ["mktemp /tmp/XX" "XXXX", "todos", "FIXMES", "kDisabled", "void skip();", "a DISABLED thing", "addSkip(test)"]


class PlaceholdersTest(unittest.TestCase):

    def test_finds_planted_markers_and_nothing_else(self):
        for line in _FOUND:
            with self.subTest(line=line):
                self.assertEqual([number for number, _ in lint.placeholders(f"first\n{line}\n")], [2])
        for line in _PASSED:
            with self.subTest(line=line):
                self.assertEqual(lint.placeholders(line), [])

    def test_reads_every_kind_of_source(self):
        names = {path.as_posix() for path in lint.sources()}
        expected = {"libs/base/ids.h", "libs/base/ids.cc", "tools/dev", "tools/devlib/lint.py", "CMakeLists.txt",
                     "proto/google/rpc/status.proto", "services/oneid/migrations/0001_init.sql", "cmake/targets.cmake"}
        self.assertEqual(expected - names, set())
        self.assertFalse([name for name in names if name.startswith("data/")])


class ContractTest(unittest.TestCase):

    def test_a_field_that_is_gone_breaks_the_contract_and_a_new_one_does_not(self):
        proto, field = "tessera/ops/v1/operations_service.proto", "  int64 waiting_count = 3;"
        text = (lint.PROTO / proto).read_text()
        self.assertIn(field, text)
        with tempfile.TemporaryDirectory() as scratch:
            changed = Path(scratch) / "proto"
            shutil.copytree(lint.PROTO, changed)
            (changed / proto).write_text(text.replace(field, f"{field}\n  // New.\n  string added = 77;"))
            self.assertEqual(lint.breaking_changes(changed), (True, ""))
            (changed / proto).write_text(text.replace(field, ""))
            kept, output = lint.breaking_changes(changed)
            self.assertFalse(kept)
            self.assertIn("waiting_count", output)


if __name__ == "__main__":
    unittest.main()
