"""The commands of tools/dev, and nothing but their arguments and order of steps."""

import argparse
import datetime
import os
import random
import signal
import subprocess
import sys
import time

from . import build as build_module
from . import certs, crash, demo, fuzz, install, lint, mutate, paths, processes, sanitize, secrets, stack, testing, tidy
from .bench import command as bench
from .errors import DevError


def _up(args: argparse.Namespace) -> int:
    install.install_all()
    build_module.build()
    started = time.monotonic()
    with stack.exclusive(paths.UP):
        stack.Stack(paths.UP).up(args.instances, args.fresh, args.mtls)
    print(stack.table(paths.UP))
    print(f"up in {time.monotonic() - started:.1f} s; logs: {paths.relative(paths.UP.log)}/, "
          f"ports: {paths.relative(paths.UP.ports_file)}; stop with `tools/dev down`")
    return 0


def _down(args: argparse.Namespace) -> int:
    with stack.exclusive(paths.UP):
        count = len(stack.running(paths.UP))
        stack.stop(paths.UP)
        if args.purge:
            stack.remove_data(paths.UP)
    print(f"stopped {count} processes" if count else "nothing was running")
    return 0


def _status(_: argparse.Namespace) -> int:
    names = processes.recorded(paths.UP)
    if not names:
        print("nothing is up; start with `tools/dev up`")
        return 1
    print(stack.table(paths.UP))
    return 0 if len(stack.running(paths.UP)) == len(names) else 1


def _logs(args: argparse.Namespace) -> int:
    known = sorted(path.stem for path in paths.UP.log.glob("*.log"))
    names = [args.name] if args.name else known
    if not known or not set(names) <= set(known):
        raise DevError(f"there is no such log; there are: {', '.join(known) or 'none yet (tools/dev up makes them)'}")
    files = [str(processes.log_path(paths.UP, name)) for name in names]
    follow = ["-F"] if args.follow else []
    return subprocess.run(["tail", "-n", str(args.lines), *follow, *files], check=False).returncode


def _install(_: argparse.Namespace) -> int:
    install.install_all()
    print("everything that is needed is installed")
    return 0


def _build(args: argparse.Namespace) -> int:
    install.install_all()
    build_module.build(args.jobs, args.target)
    return 0


def _fmt(_: argparse.Namespace) -> int:
    install.install_packages()
    print(f"formatted {lint.format_all()} files")
    return 0


def _lint(args: argparse.Namespace) -> int:
    install.install_packages()
    install.install_buf()
    passed = all(passed for _, passed, _ in lint.run())
    if not args.fast:
        passed = tidy.run(args.jobs, args.since) == 0 and passed
    return 0 if passed else 1


def _accept_contract(_: argparse.Namespace) -> int:
    install.install_buf()
    lint.accept_contract()
    print(f"{paths.relative(lint.CONTRACT)} is now the contract that later protos must not break")
    return 0


def _test(args: argparse.Namespace) -> int:
    if args.sanitize:
        return sanitize.run(args.sanitize)
    if args.run_command:
        build_module.build()
        return testing.run_command(args.run_command)
    return testing.run(args.tier, args.filter, args.jobs)


def _mutate(args: argparse.Namespace) -> int:
    install.install_all()
    return mutate.run(args.only, args.resume)


def _bench(args: argparse.Namespace) -> int:
    bench.check_names(args.only)
    return bench.run(args)


def _fuzz(args: argparse.Namespace) -> int:
    install.install_all()
    chosen = args.target or fuzz.targets()
    unknown = sorted(set(chosen) - set(fuzz.targets()))
    if unknown:
        raise DevError(f"there is no target {unknown[0]}; there are: {', '.join(fuzz.targets())}")
    fuzz.build()
    outcomes = fuzz.run(chosen, args.minutes * 60.0)
    print(fuzz.report(outcomes))
    failures = [one.failure for one in outcomes if one.failure]
    print("\n".join(failures) or "nothing was found")
    return 1 if failures else 0


def _token(args: argparse.Namespace) -> int:
    paths.UP.create()
    print(secrets.token(paths.UP, args.brand or ["*"], args.role or [], args.subject, args.ttl_seconds))
    return 0


def _certs(args: argparse.Namespace) -> int:
    tls = certs.make(paths.UP, args.renew)
    print(f"in {paths.relative(tls)}/: ca.pem, server.pem and client.pem, each with its .key")
    return 0


def _new_service(args: argparse.Namespace) -> int:
    made = subprocess.run([sys.executable, str(paths.ROOT / "tools/new_service/new_service.py"), args.name,
                           str(paths.ROOT)], check=False).returncode
    if made == 0:
        print(f"made services/{args.name} and its protos; `tools/dev build` builds it, `tools/dev up` starts it, "
              f"`tools/dev test` tests it. See CONTRIBUTING.md for what comes next.")
    return made


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tools/dev", description="The one command of a Tessera clone.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    up = add("up", _up, "Builds and starts Postgres, Kafka and every service on free loopback ports, with the data of the last run.")
    up.add_argument("--instances", type=_positive, default=1, metavar="N", help="processes of each service (1)")
    up.add_argument("--fresh", action="store_true", help="delete the data of the last run first")
    up.add_argument("--mtls", action="store_true", help="services and clients prove themselves by certificates")
    down = add("down", _down, "Stops everything that `up` started; services drain first.")
    down.add_argument("--purge", action="store_true", help="delete databases, topics and logs as well")
    demo_command = add("demo", demo.run, "Runs a year of a real shop through a fresh private stack (earlier data is deleted) and shows the result.")
    demo_command.add_argument("--keep", action="store_true", help="leave it running")
    demo_command.add_argument("--mtls", action="store_true", help="services and clients prove themselves by certificates")
    demo_command.add_argument("--instances", type=_positive, default=1, metavar="N", help="processes of each service (1)")
    demo_command.add_argument("--seed", type=_positive, metavar="N",
                              help="shuffle the partitions' interleaving by this number (the file's order)")
    demo_command.add_argument("--anchor", type=_day, metavar="DATE",
                              help="the day that counts as today: the events end in the week before it (today)")
    add("status", _status, "Shows what runs; exit code 0 when all of it does.")
    logs = add("logs", _logs, "Shows the logs of one component, or of all.")
    logs.add_argument("name", nargs="?", help="postgres, kafka, or an instance such as oneid-1")
    logs.add_argument("-f", "--follow", action="store_true", help="go on as they grow")
    logs.add_argument("-n", "--lines", type=_positive, default=50, help="how many lines of each (50)")
    test = add("test", _test, "Runs every tier of tests on a Postgres and a Kafka of their own.")
    test.add_argument("--tier", action="append", choices=testing.TIERS,
                      help="only this tier (repeatable)")
    test.add_argument("--filter", metavar="REGEX", help="only tests whose name matches")
    test.add_argument("-j", "--jobs", type=_positive, default=2, help="how many test programs at once (2)")
    test.add_argument("--sanitize", choices=sorted(sanitize.TIERS),
                      help="instead of the tiers: unit, store and some service tests, built under this sanitizer")
    test.add_argument("--run", dest="run_command", nargs=argparse.REMAINDER, metavar="COMMAND",
                      help="instead of the tiers, run this command as a test would be run")
    mutate_command = add("mutate", _mutate, "Plants faults one by one and shows which test finds each; takes about an hour.")
    mutate_command.add_argument("--only", action="append", metavar="NAME", help="only this fault (repeatable)")
    mutate_command.add_argument("--resume", action="store_true", help="go on with a run that was broken off")
    crash_command = add("crash", crash.run, "Kills, cuts and fills everything while work goes on, and has what is left judged.")
    crash_command.add_argument("--seed", type=_positive, default=random.randint(1, 999_999), metavar="N",
                               help="of all that is random (another each time)")
    crash_command.add_argument("--kills", type=_positive, default=crash.KILLS, metavar="K",
                               help=f"how many processes of services end at least ({crash.KILLS})")
    crash_command.add_argument("--minutes", type=_minutes, default=crash.MINUTES, metavar="M",
                               help=f"how long it is planned for ({crash.MINUTES:g})")
    bench_command = add("bench", _bench, "Measures the project's way against the ordinary way, side by side, and writes var/bench/results.json.")
    bench_command.add_argument("--only", action="append", metavar="NAME", help="only this row (repeatable)")
    size = bench_command.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="one small round of each, to see that they work")
    size.add_argument("--long", action="store_true", help="larger tables")
    fuzz_command = add("fuzz", _fuzz, "Runs the fuzz targets; what makes one fail is kept under var/fuzz.")
    fuzz_command.add_argument("--target", action="append", metavar="NAME", help="only this one (repeatable; all)")
    fuzz_command.add_argument("--minutes", type=_positive, default=10, metavar="M",
                              help="minutes of one core, shared by the targets (10)")
    build = add("build", _build, "Builds what has changed.")
    build.add_argument("target", nargs="*", help="only these targets")
    build.add_argument("-j", "--jobs", type=_positive, help="how many compilers at once (all cores)")
    lint_command = add("lint", _lint, "Checks format, layers, protos and their contract, scripts, file lengths, that nothing is "
                       "put off; then runs clang-tidy.")
    lint_command.add_argument("--fast", action="store_true", help="without clang-tidy, which takes many minutes")
    lint_command.add_argument("--since", metavar="COMMIT", help="clang-tidy only of what differs from it")
    lint_command.add_argument("-j", "--jobs", type=_positive, help="how many clang-tidy at once (all cores)")
    add("accept-contract", _accept_contract, "Makes the present protos the contract that later ones must not break.")
    add("fmt", _fmt, "Formats the C++ files.")
    add("install", _install, "Installs what is missing; the other commands do it by themselves.")
    new_service = add("new-service", _new_service, "Makes a service that builds, starts, consumes and publishes.")
    new_service.add_argument("name", help="2 to 30 lower-case letters")
    certs_command = add("certs", _certs, "Makes the local stack's CA, server and client certificates, as far as they are missing or end soon.")
    certs_command.add_argument("--renew", action="store_true", help="make the server's and the client's anew in any case")
    token = add("token", _token, "Prints a bearer token for the local stack.")
    token.add_argument("--brand", action="append", help="a brand it is good for (repeatable; all)")
    token.add_argument("--role", action="append", help="a role it carries (repeatable; none)")
    token.add_argument("--subject", default="dev", help="whom it names (dev)")
    token.add_argument("--ttl-seconds", type=_positive, default=3600, help="how long it is good for (3600)")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a number of at least 1, not {text!r}")
    return int(text)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0.5 <= minutes <= 24 * 60:
        raise argparse.ArgumentTypeError(f"must be a number from 0.5 to 1440, not {text!r}")
    return minutes


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a day such as 2026-03-01, not {text!r}") from None


def _raise_exit(number: int, _frame) -> None:
    raise SystemExit(128 + number)


def main(argv: list[str]) -> int:
    """Runs one command; returns the exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_exit)
    args = _parser().parse_args(argv)
    try:
        return args.run(args)
    except DevError as error:
        print(f"tools/dev {args.command}: {error}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"tools/dev {args.command}: {error}\nbuild/ and var/ may have been made by another user: "
              f"run as that user, or remove them (you are uid {os.geteuid()})", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
