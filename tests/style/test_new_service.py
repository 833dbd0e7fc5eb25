"""Which names tools/new_service takes: those that build, and no other; a refused one leaves nothing behind."""

import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_TOOL = _ROOT / "tools" / "new_service" / "new_service.py"
_SPEC = importlib.util.spec_from_file_location("names", _TOOL.with_name("names.py"))
names = importlib.util.module_from_spec(_SPEC)
_kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
_SPEC.loader.exec_module(names)
sys.dont_write_bytecode = _kept
_REFUSED = {
    "word of C++": ["int", "class", "namespace", "linux"],
    "word of SQL": ["user", "order", "table"],
    "could not reach the namespace": ["std", "google", "grpc", "absl", "tessera", "testing"],
    "part of every service": ["api", "store", "domain", "events"],
    "the template": ["sample"],
    "exists and is no service": ["base", "pg", "kafka", "normalise", "rpc", "engine", "common", "cli", "replay"],
    "lower-case letters": ["x", "Loyalty", "loyalty-club", "loyalty_club", "a" * 31],
}


def _make(name: str, root: Path, *options: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(_TOOL), *options, "--", name, str(root)], capture_output=True,
                          text=True, check=False)


class NewServiceTest(unittest.TestCase):

    def test_names_that_could_not_build_have_a_reason(self):
        for reason, refused in _REFUSED.items():
            for name in refused:
                with self.subTest(name=name):
                    self.assertIn(reason, names.why_not(name, _ROOT, "sample") or "no reason")
        for name in ("loyalty", "oneid", "membership", "samples", "event"):
            with self.subTest(name=name):
                self.assertIsNone(names.why_not(name, _ROOT, "sample"))

    def test_a_refused_name_leaves_nothing_behind(self):
        with tempfile.TemporaryDirectory() as root:
            made = _make("int", Path(root))
            self.assertEqual((made.returncode, made.stdout), (2, ""))
            self.assertEqual(made.stderr, "error: 'int' is no name for a service: "
                                          "it is a word of C++ with a meaning of its own\n")
            self.assertEqual(os.listdir(root), [])
        self.assertIn("the template is built under it", _make("sample", _ROOT).stderr)

    def test_a_service_that_exists_is_left_alone(self):
        made = _make("oneid", _ROOT)
        self.assertEqual((made.returncode, made.stdout), (1, ""))
        self.assertIn("there is a service oneid already", made.stderr)

    def test_other_names_are_taken(self):
        with tempfile.TemporaryDirectory() as root:
            made = _make("loyalty", Path(root))
            self.assertEqual(made.returncode, 0, made.stderr)
            self.assertIn("services/loyalty/main.cc", made.stdout.splitlines())
            self.assertEqual(_make("loyalty", Path(root)).returncode, 1)
            self.assertEqual(_make("loyalty", Path(root), "--force").returncode, 0)


if __name__ == "__main__":
    unittest.main()
