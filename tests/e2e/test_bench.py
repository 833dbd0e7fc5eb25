"""The benchmarks work at all: a quick run of every row. What they measure here says nothing."""

import json
import os
import subprocess
import unittest

import world  # noqa: F401  (makes devlib importable)
from devlib import paths
from devlib.bench.command import ROWS

_SECONDS = 900


class Bench(unittest.TestCase):
    def test_a_quick_run_measures_every_row(self):
        done = subprocess.run([str(paths.ROOT / "tools" / "dev"), "bench", "--quick"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=_SECONDS, check=False,
                              env={**os.environ, "TESSERA_PRESET": paths.PRESET})
        self.assertEqual(done.returncode, 0, done.stdout)
        rows = json.loads((paths.BENCH.var / "quick.json").read_text())["rows"]
        for name in ROWS:
            self.assertTrue(any(row["name"].startswith(name) for row in rows), f"no row of {name}")
        for row in rows:
            self.assertGreater(row["ours"], 0, row["name"])

    def test_a_row_that_does_not_exist_is_named(self):
        done = subprocess.run([str(paths.ROOT / "tools" / "dev"), "bench", "--only", "speed"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=_SECONDS, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("'speed'; there are: ledger_batch", done.stdout)


if __name__ == "__main__":
    unittest.main()
