"""`tools/dev test`: every tier in order, on one private Postgres and one private Kafka, with one closing total."""

import json
import os
import re
import shutil
import sys
import time
from pathlib import Path

from . import build, certs, crash, ctests, fuzz, install, lint, processes, secrets, stack
from .ctests import Case
from .errors import DevError
from .kafka import Kafka
from .paths import CMAKE_BUILD, PYTHON, ROOT, TEST
from .postgres import Postgres

TIERS = ("lint", "unit", "store", "service", "contract", "e2e", "crash", "fuzz")
_TIERS_WITHOUT_CLUSTERS = ("lint", "unit", "crash")
_CTEST_TIERS = ("unit", "store", "service", "contract")
_FUZZ_CPU_SECONDS = 600.0
_FUZZ_SEED = 1  # The same in every run, so that a change is to blame for what is found; `tools/dev fuzz` goes on from there.
_SCRATCH = TEST.var / "scratch"
_E2E = ROOT / "tests" / "e2e"
_AUDITOR = ROOT / "tests" / "crash" / "unit"


def run(tiers: list[str] | None, pattern: str | None, jobs: int) -> int:
    """Runs the tiers; prints the failures and, as the very last line, the totals."""
    install.install_all()
    processes.adopt_orphans()
    chosen = [tier for tier in TIERS if not tiers or tier in tiers]
    cases: list[Case] = []
    with stack.exclusive(TEST):
        try:
            for tier in chosen:
                if tier not in ("lint", "fuzz") and not _is_built(cases, chosen, pattern or ""):
                    break
                cases += _guarded(tier, pattern or "", jobs)
        finally:
            _end()
    return _conclude(cases)


def run_command(argv: list[str]) -> int:
    """Runs any command with the clusters and the environment that the tests get, and returns its exit code."""
    install.install_all()
    processes.adopt_orphans()
    with stack.exclusive(TEST):
        try:
            return processes.run_in_group(argv, cwd=ROOT, env=_environment())[0]
        finally:
            _end()


_built = False


def _is_built(cases: list[Case], tiers: list[str], pattern: str) -> bool:
    """Builds once per run what its tiers need; a failure is a case, and then nothing is left to be run."""
    global _built
    if not _built:
        print("== build", flush=True)
        try:
            _build(tiers, pattern)
            _built = True
        except DevError as error:
            cases.append(Case("build", "the tree builds", False, str(error)))
    return _built


def _build(tiers: list[str], pattern: str) -> None:
    """Everything, unless just some programs are asked for: then a change is judged in a fraction of the time."""
    ctest_tiers = [tier for tier in tiers if tier in _CTEST_TIERS]
    if "e2e" in tiers or (ctest_tiers and not pattern):
        return build.build()
    build.configure()
    targets = ctests.targets(ctest_tiers, pattern) + (crash.TARGETS if "crash" in tiers else [])
    if targets:
        build.build(targets=targets)


def _guarded(tier: str, pattern: str, jobs: int) -> list[Case]:
    """One tier; what keeps it from running is a failed case of its own."""
    started = time.monotonic()
    print(f"== {tier}", flush=True)
    try:
        cases = _tier(tier, pattern, jobs)
    except DevError as error:
        cases = [Case(tier, f"set-up of tier {tier}", False, str(error))]
        print(error, flush=True)
    strays = processes.end_strays(TEST)
    if strays:
        cases.append(Case(tier, f"nothing left behind by {tier}", False,
                          f"{strays} processes were still running after the tier; they were killed"))
    failed = sum(not case.passed for case in cases)
    print(f"== {tier}: {len(cases) - failed} passed, {failed} failed, {time.monotonic() - started:.1f} s", flush=True)
    return cases


def _tier(tier: str, pattern: str, jobs: int) -> list[Case]:
    if tier == "lint":
        names = [name for name in lint.CHECKS if re.search(pattern, name)]
        return [Case(tier, name, passed, output) for name, passed, output in lint.run(names)]
    if tier == "fuzz":
        return _fuzz_cases([target for target in fuzz.targets() if re.search(pattern, target)])
    env = _environment(clusters=tier not in _TIERS_WITHOUT_CLUSTERS)
    if tier == "crash":
        return [Case(tier, **case) for case in crash.cases() if re.search(pattern, case["name"])]
    if tier == "e2e":
        return _python_cases(tier, pattern, env, _E2E, PYTHON)
    cases: list[Case] = []
    if (CMAKE_BUILD / "CTestTestfile.cmake").exists():
        cases += ctests.run(tier, pattern, jobs, env, _SCRATCH)
    if tier == "unit":
        crash.make_protos()
        cases += _python_cases(tier, pattern, env, _AUDITOR, PYTHON)
    return cases


def _fuzz_cases(targets: list[str]) -> list[Case]:
    if not targets:
        return []
    fuzz.build()
    outcomes = fuzz.run(targets, _FUZZ_CPU_SECONDS, _FUZZ_SEED)
    print(fuzz.report(outcomes), flush=True)
    return [Case("fuzz", one.target, not one.failure, one.failure) for one in outcomes]


def _python_cases(tier: str, pattern: str, env: dict[str, str], folder: Path, python: str) -> list[Case]:
    report = _SCRATCH / f"{tier}.json"
    report.unlink(missing_ok=True)
    runner = Path(__file__).with_name("python_tests.py")
    code, _ = processes.run_in_group([python, str(runner), str(folder), str(report), pattern], cwd=ROOT, env=env)
    if not report.exists():
        return [Case(tier, "python tests", False, f"the runner exited with {code} and left no result")]
    return [Case(tier, **case) for case in json.loads(report.read_text())]


def _environment(clusters: bool = True) -> dict[str, str]:
    """What every test is told; starts the clusters when they are first needed."""
    TEST.create()
    _SCRATCH.mkdir(exist_ok=True)
    secrets.make_all(TEST)
    env = {**os.environ,
           "TESSERA_TEST_BUILD_DIR": str(CMAKE_BUILD),
           "TESSERA_TEST_VAR": str(_SCRATCH),
           "TESSERA_TEST_SIGNING_KEY": str(secrets.signing_key(TEST)),
           "TESSERA_TEST_JWKS": str(secrets.jwks_file(TEST)),
           "TESSERA_TEST_KEY_FILE": str(secrets.key_file(TEST))}
    env.setdefault("TSAN_OPTIONS", f"suppressions={ROOT / 'tests' / 'tsan.supp'}")
    if clusters:
        postgres, kafka = _clusters()
        env |= {"TESSERA_TEST_ADMIN_DSN": postgres.admin_dsn(), "TESSERA_TEST_BROKERS": kafka.brokers,
                "TESSERA_TEST_TLS_BROKERS": kafka.tls_brokers, "TESSERA_TEST_TLS": str(certs.folder(TEST))}
    return env


_running: stack.Stack | None = None


def _clusters() -> tuple[Postgres, Kafka]:
    global _running
    if _running is None:
        stack.stop(TEST)  # What a killed run may have left.
        stack.remove_data(TEST)
        fresh = stack.Stack(TEST, kafka_tls=True)
        fresh.infrastructure()
        _running = fresh
    return _running.postgres, _running.kafka


def _end() -> None:
    """Stops the clusters and deletes their data; the logs stay for reading."""
    with processes.signals_deferred():
        processes.end_strays(TEST)
        stack.stop(TEST)
        stack.remove_data(TEST, logs=False)
        shutil.rmtree(_SCRATCH, ignore_errors=True)


def _conclude(cases: list[Case]) -> int:
    failures = [case for case in cases if not case.passed]
    if failures:
        print("\nfailed:")
    for case in failures:
        print(f"  {case.tier}: {case.name}")
        print("\n".join(f"    {line}" for line in case.output.rstrip().splitlines()[-60:]))
    if not cases:
        print("no test was run: nothing matches")
    sys.stderr.flush()
    print(f"{len(cases) - len(failures)} passed, {len(failures)} failed", flush=True)
    return 1 if failures or not cases else 0
