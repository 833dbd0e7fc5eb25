"""The table of planted faults still fits the code."""

import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
_kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
from devlib import lint, mutate  # noqa: E402
from devlib.errors import DevError  # noqa: E402
from devlib.paths import ROOT  # noqa: E402
from devlib.testing import TIERS  # noqa: E402
sys.dont_write_bytecode = _kept


def _suites() -> set[str]:
    """Each tier, and each program of one as the build's files name it; those of a service are called after it."""
    texts = [(ROOT / path).read_text() for path in lint.tracked_files()
             if path.name == "CMakeLists.txt" or path.suffix == ".cmake"]
    text = "\n".join(texts)
    services = re.findall(r"^tessera_service\((\w+)", text, re.MULTILINE)
    return {*TIERS, *(f"{tier}:{name.replace('${name}', service)}"
                      for name, tier in re.findall(r"^\s*tessera_test\((\S+) TIER (\w+)", text, re.MULTILINE)
                      for service in (services if "${name}" in name else [""]))}


class MutantsTest(unittest.TestCase):

    def test_each_can_be_planted_and_changes_its_file(self):
        mutants = mutate.read()
        self.assertGreaterEqual(len(mutants), 20)
        self.assertEqual(len({mutant.name for mutant in mutants}), len(mutants))
        for mutant in mutants:
            with self.subTest(mutant=mutant.name):
                sound = (ROOT / mutant.file).read_text()
                self.assertNotEqual(mutant.planted(sound), sound)
                self.assertTrue(mutant.suites)
                self.assertLessEqual(set(mutant.suites), _suites())

    def test_a_place_that_is_gone_is_an_error(self):
        mutant = mutate.read()[0]
        with self.assertRaisesRegex(DevError, mutant.name):
            mutant.planted("something else")


if __name__ == "__main__":
    unittest.main()
