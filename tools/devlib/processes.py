"""Long-running processes: started apart from the terminal, recorded, and stopped by pid and start time only."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

from .errors import DevError
from .paths import Layout, relative

_PR_SET_CHILD_SUBREAPER = 36
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Process:
    """One recorded process. The start time tells it from a later one with the same pid."""

    name: str
    pid: int
    start_time: int

    def is_running(self) -> bool:
        _reap(self.pid)
        return start_time_of(self.pid) == self.start_time


def start_time_of(pid: int) -> int | None:
    """The kernel's start time of a live process, None if there is none (a zombie is none)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def _reap(pid: int) -> None:
    """Collects the exit of our own child, so that it does not stay as a zombie."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def start(layout: Layout, name: str, argv: list[str], *, env: dict[str, str] | None = None,
          user: int | None = None, group: int | None = None) -> Process:
    """Starts argv in a session of its own with output to log/<name>.log, and records it in run/<name>.pid."""
    identity = {} if user is None else {"user": user, "group": group, "extra_groups": []}
    # A Ctrl-C between start and record would leave a process that nobody knows.
    with log_path(layout, name).open("ab") as out, signals_deferred():
        child = subprocess.Popen(argv, env=env, cwd="/", stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                 start_new_session=True, **identity)
        child.returncode = 0  # Ours to watch by pid from here on; keeps Popen's destructor quiet.
        process = Process(name, child.pid, start_time_of(child.pid) or 0)
        record = {"pid": process.pid, "start_time": process.start_time}
        (layout.run / f"{name}.pid").write_text(json.dumps(record) + "\n")
    return process


@contextlib.contextmanager
def signals_deferred() -> Iterator[None]:
    """Lets a request to end take effect only after the block."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    came: list[int] = []
    before = [signal.signal(number, lambda got, _: came.append(got)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before):
            signal.signal(number, handler)
        if came:
            os.kill(os.getpid(), came[0])


def log_path(layout: Layout, name: str) -> Path:
    return layout.log / f"{name}.log"


def find(layout: Layout, name: str) -> Process | None:
    """The recorded process if it still runs."""
    try:
        record = json.loads((layout.run / f"{name}.pid").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    process = Process(name, record["pid"], record["start_time"])
    return process if process.is_running() else None


def recorded(layout: Layout) -> list[str]:
    """Names of all processes ever recorded and not yet stopped."""
    return sorted(path.stem for path in layout.run.glob("*.pid"))


def signal_process(process: Process, number: int) -> None:
    """Sends a signal to this very process; does nothing if it has ended."""
    if process.is_running():
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            pass


def _kill_group(process: Process) -> None:
    """Kills the session that the process leads; only called while the leader is known to run."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def stop_all(layout: Layout, names: list[str], number: int = signal.SIGTERM, deadline_seconds: float = 15.0) -> None:
    """Asks all of them to end, waits, and kills those that are left at the deadline."""
    running = [process for process in (find(layout, name) for name in names) if process]
    for process in running:
        signal_process(process, number)
    left = wait_for_end(running, deadline_seconds)
    for process in left:
        print(f"  {process.name} did not stop in {deadline_seconds:.0f} s: killed", flush=True)
        _kill_group(process)
    wait_for_end(left, 5.0)
    for name in names:
        (layout.run / f"{name}.pid").unlink(missing_ok=True)


def wait_for_end(processes: list[Process], deadline_seconds: float) -> list[Process]:
    """Waits until they have ended; returns those that have not at the deadline."""
    deadline = time.monotonic() + deadline_seconds
    while True:
        processes = [process for process in processes if process.is_running()]
        if not processes or time.monotonic() > deadline:
            return processes
        time.sleep(_POLL_SECONDS)


def wait_until_ready(layout: Layout, process: Process, is_ready: Callable[[], bool], deadline_seconds: float) -> None:
    """Waits for the condition; a process that ends first or is late is an error with the tail of its log."""
    deadline = time.monotonic() + deadline_seconds
    while not is_ready():
        if not process.is_running():
            raise DevError(f"{process.name} ended while starting\n{log_tail(layout, process.name)}")
        if time.monotonic() > deadline:
            raise DevError(f"{process.name} was not ready after {deadline_seconds:.0f} s\n"
                           f"{log_tail(layout, process.name)}")
        time.sleep(_POLL_SECONDS)


def log_tail(layout: Layout, name: str, lines: int = 25) -> str:
    """The last lines of a component's log, for an error message."""
    path = log_path(layout, name)
    try:
        tail = path.read_text(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        tail = []
    return "\n".join([f"the end of {relative(path)}:"] + [f"  | {line}" for line in tail or ["(empty)"]])


def adopt_orphans() -> None:
    """Makes orphaned grandchildren ours, so that `end_strays` finds what a build or a test left behind."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def run_in_group(argv: list[str], *, cwd: Path, env: dict[str, str] | None = None, capture: bool = False,
                 timeout_seconds: float | None = None) -> tuple[int, str]:
    """Runs a command to its end and returns its exit code and output; however we leave, its group is gone."""
    out = subprocess.PIPE if capture else None
    child = subprocess.Popen(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out,
                             stderr=subprocess.STDOUT if capture else None, text=True, errors="replace",
                             start_new_session=True)
    try:
        output, _ = child.communicate(timeout=timeout_seconds)
        return child.returncode, output or ""
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def _children() -> list[int]:
    me, result = os.getpid(), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) == me:
                result.append(int(entry.name))
    return result


def end_strays(layout: Layout) -> int:
    """Kills children of ours that are not recorded (left by a test); returns how many were still running."""
    keep = {process.pid for process in (find(layout, name) for name in recorded(layout)) if process}
    count = 0
    for _ in range(20):  # Killing a parent makes its children ours: look again.
        strays = [pid for pid in _children() if pid not in keep]
        if not strays:
            break
        for pid in strays:
            if start_time_of(pid) is not None:
                os.kill(pid, signal.SIGKILL)
                count += 1
            _reap(pid)
        time.sleep(0.02)
    return count
