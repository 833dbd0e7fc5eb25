"""The C++ tests: run by ctest, counted by the single case as GoogleTest reports it."""

import json
import os
import re
import shutil
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .paths import CMAKE_BUILD
from .processes import run_in_group

_TIMEOUT_SECONDS = "600"


@dataclass(frozen=True)
class Case:
    """The outcome of one test case."""

    tier: str
    name: str
    passed: bool
    output: str = ""


def run(tier: str, pattern: str, jobs: int, env: dict[str, str], scratch: Path) -> list[Case]:
    """Runs the ctest tests with the tier's label."""
    select = ["--test-dir", str(CMAKE_BUILD), "-L", f"^{tier}$", *(["-R", pattern] if pattern else [])]
    programs = _programs(select, env)
    if not programs:
        return []
    results = scratch / "gtest" / tier
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    junit = results / "ctest.xml"
    code, _ = run_in_group(["ctest", *select, f"-j{jobs}", "--output-on-failure", "--timeout", _TIMEOUT_SECONDS,
                            "--test-output-size-failed", "100000", "--output-junit", str(junit)],
                           cwd=CMAKE_BUILD, env={**env, "GTEST_OUTPUT": f"json:{results}/", "GTEST_COLOR": "no"})
    if not junit.exists():
        return [Case(tier, f"ctest for {tier}", False, f"ctest exited with {code} and left no result")]
    return _cases(tier, programs, junit, results)


def targets(tiers: list[str], pattern: str) -> list[str]:
    """What has to be built for the tests of these tiers that the pattern names; a test is called like its target."""
    found: list[str] = []
    for tier in tiers:
        found += _programs(["--test-dir", str(CMAKE_BUILD), "-L", f"^{tier}$", "-R", pattern], dict(os.environ))
    return found


def _programs(select: list[str], env: dict[str, str]) -> dict[str, str]:
    """The program's file name of each test, by the test's name."""
    code, output = run_in_group(["ctest", *select, "--show-only=json-v1"], cwd=CMAKE_BUILD, env=env, capture=True)
    if code != 0:
        return {}
    tests = json.loads(output[output.index("{"):]).get("tests", [])
    return {test["name"]: Path(test.get("command", [test["name"]])[0]).name for test in tests}


def _cases(tier: str, programs: dict[str, str], junit: Path, results: Path) -> list[Case]:
    tests_of_program = Counter(programs.values())
    cases: list[Case] = []
    for test in ElementTree.parse(junit).getroot().iter("testcase"):
        name, passed = test.get("name", "?"), test.get("status") == "run"
        program = programs.get(name, "")
        # A program that runs as several tests would overwrite its own report: then the tests are the cases.
        report = results / f"{program}.json" if tests_of_program[program] == 1 else None
        own = _gtest_cases(tier, report) if report and report.exists() else []
        cases += own
        if not passed and all(case.passed for case in own):
            output = test.findtext("system-out") or ""
            cases.append(Case(tier, f"{name} ({_how_it_ended(output)})", False, output[-4000:]))
        elif passed and not own and not (report and report.exists()):
            cases.append(Case(tier, name, True))
    return cases


def _how_it_ended(output: str) -> str:
    """Names the case that was running when a program crashed or ran out of time."""
    started = re.findall(r"^\[ RUN      \] (\S+)", output, re.MULTILINE)
    ended = re.findall(r"^\[(?:       OK |  FAILED  |  SKIPPED )\] (\S+) \(", output, re.MULTILINE)
    if started and started[-1] not in ended:
        return f"crashed or timed out in {started[-1]}"
    return "failed outside of a case"


def _gtest_cases(tier: str, report: Path) -> list[Case]:
    try:
        suites = json.loads(report.read_text())["testsuites"]
    except json.JSONDecodeError:
        return []
    cases = []
    for suite in suites:
        for test in suite["testsuite"]:
            if test["status"] == "RUN" and test["result"] != "SKIPPED":
                failures = [failure["failure"] for failure in test.get("failures", [])]
                cases.append(Case(tier, f"{suite['name']}.{test['name']}", not failures, "\n".join(failures)))
    return cases
