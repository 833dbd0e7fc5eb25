"""Runs the unittest modules of a folder and writes the outcome of every case as JSON; a process of its own."""

import json
import re
import sys
import time
import unittest
from pathlib import Path


class _Recorder(unittest.TestResult):
    """Prints one line per case as it ends, and remembers all of them."""

    def __init__(self):
        super().__init__()
        self.cases: list[dict] = []
        self._started = 0.0

    def startTest(self, test):  # noqa: N802 (unittest's name)
        super().startTest(test)
        self._started = time.monotonic()

    def _add(self, test, passed: bool, output: str = "") -> None:
        seconds = time.monotonic() - self._started if self._started else 0.0
        self.cases.append({"name": test.id(), "passed": passed, "output": output})
        print(f"  {'ok    ' if passed else 'FAILED'}  {test.id()} ({seconds:.2f} s)", flush=True)

    def addSuccess(self, test):  # noqa: N802
        self._add(test, True)

    def addError(self, test, err):  # noqa: N802
        super().addError(test, err)
        self._add(test, False, self.errors[-1][1])

    def addFailure(self, test, err):  # noqa: N802
        super().addFailure(test, err)
        self._add(test, False, self.failures[-1][1])

    def addSubTest(self, test, subtest, err):  # noqa: N802
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._add(subtest, False, self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):  # noqa: N802
        super().addSkip(test, reason)
        print(f"  skipped {test.id()}: {reason}", flush=True)

    def addUnexpectedSuccess(self, test):  # noqa: N802
        self._add(test, False, "was expected to fail and did not")


def _cases(suite: unittest.TestSuite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from _cases(one)
        else:
            yield one


def main(folder: str, report: str, pattern: str) -> int:
    sys.path[0] = folder  # Instead of this file's folder, whose modules have names of the standard library's.
    suite = unittest.defaultTestLoader.discover(folder, "test_*.py", folder)
    chosen = unittest.TestSuite(one for one in _cases(suite) if re.search(pattern, one.id()))
    recorder = _Recorder()
    chosen.run(recorder)
    Path(report).write_text(json.dumps(recorder.cases))
    return 0 if recorder.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
