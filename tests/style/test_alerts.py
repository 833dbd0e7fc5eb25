"""Every alarm has its section in the runbook, and asks only for metrics that the code tells."""

import re
import unittest
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_ALERTS = (_ROOT / "deploy" / "prometheus" / "alerts.yml").read_text()
_RUNBOOK = (_ROOT / "docs" / "runbook.md").read_text()
_OF_PROMETHEUS = {"up"}


def _told_by_the_code() -> set[str]:
    names: set[str] = set()
    for folder in ("libs", "services"):
        for source in (_ROOT / folder).rglob("*.cc"):
            if not source.name.endswith("_test.cc"):
                names |= set(re.findall(r'"((?:tessera|process)_[a-z_]+)"', source.read_text()))
    return names


def _asked_for(text: str) -> set[str]:
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\b(?:tessera|process)_[a-z_]+\b", text)}


class AlertsTest(unittest.TestCase):

    def test_alarms_and_sections_of_the_runbook_are_the_same(self):
        alarms = re.findall(r"- alert: (\w+)", _ALERTS)
        sections = re.findall(r"^## (\w+)$", _RUNBOOK, re.MULTILINE)
        self.assertGreater(len(alarms), 10)
        self.assertEqual(alarms, sections)

    def test_metrics_of_alarms_are_told_by_the_code(self):
        self.assertEqual(_asked_for(_ALERTS) - _told_by_the_code() - _OF_PROMETHEUS, set())

    def test_every_alarm_has_a_severity(self):
        rules = _ALERTS.split("- alert: ")[1:]
        self.assertEqual([rule.split("\n")[0] for rule in rules if "severity: " not in rule], [])


if __name__ == "__main__":
    unittest.main()
