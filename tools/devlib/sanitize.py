"""`tools/dev test --sanitize`: the tests that a sanitizer can judge, in a build of their own."""

import os
import subprocess
import sys
from pathlib import Path

_PRESETS = {"address": "asan", "thread": "tsan"}
# (tier, names of its programs). Under the thread sanitizer nothing that serves calls: gRPC is lock-free inside, and
# Debian builds it without the sanitizer. The service test there is that of the engine's loops on a real broker.
TIERS: dict[str, list[tuple[str, str]]] = {
    "address": [("unit", ""), ("store", ""), ("service", "^(engine_broker_test|membership_test)$")],
    "thread": [("unit", "^(base|metrics|kafka|normalise|events|.*_domain|cli)_.*test$"), ("store", ""),
               ("service", "^engine_broker_test$")],
}


def run(sanitizer: str) -> int:
    """Runs `tools/dev test` for each of them; 0 if all passed."""
    env = {**os.environ, "TESSERA_PRESET": _PRESETS[sanitizer]}  # read when the program starts
    program = [sys.executable, str(Path(__file__).parent)]
    codes = [subprocess.run([*program, "test", "--tier", tier, "--filter", names], env=env, check=False).returncode
             for tier, names in TIERS[sanitizer]]
    return max(codes)
