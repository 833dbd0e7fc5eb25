"""Installs what is missing: Debian packages, buf, and the jars of the Kafka broker."""

import hashlib
import os
import shutil
import subprocess

from .errors import DevError
from .paths import BUILD, KAFKA_JARS, NODE_TOOLS, ROOT
from .processes import run_in_group

BUF_VERSION = "1.75.0"
_PACKAGES = ROOT / "tools" / "packages.txt"
_KAFKA_POM = ROOT / "third_party" / "kafka" / "pom.xml"
_NO_MAIN_CLUSTER = "/etc/postgresql-common/createcluster.d/tessera-install.conf"


def _wanted_packages(also: list[str]) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in _PACKAGES.read_text().splitlines())
    packages = [line for line in lines if line] + also
    return packages if shutil.which("npm") else packages + ["nodejs", "npm"]


def _missing(packages: list[str]) -> list[str]:
    done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n", *packages],
                          capture_output=True, text=True, check=False)
    present = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("installed ")}
    return [package for package in packages if package not in present]


def _as_root(argv: list[str], text: str | None = None) -> int:
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    return subprocess.run([*sudo, *argv], input=text, text=True, check=False).returncode


def install_packages(also: list[str] | None = None) -> None:
    """Installs the Debian packages that are missing, and nothing else; starts no system service."""
    if not shutil.which("dpkg-query"):
        raise DevError("this needs Debian 12 (dpkg-query was not found); elsewhere install the equivalents of "
                       "tools/packages.txt and run inside a Debian 12 container")
    missing = _missing(_wanted_packages(also or []))
    if not missing:
        return
    if os.geteuid() != 0 and not shutil.which("sudo"):
        raise DevError(f"these packages are missing: {' '.join(missing)}\n"
                       "install them as root (apt-get install ...), or install sudo, and try again")
    print(f"installing {len(missing)} packages: {' '.join(missing)}", flush=True)
    if _as_root(["apt-get", "update", "-q"]) != 0:
        raise DevError("apt-get update failed (output above); check the network and /etc/apt/sources.list")
    # A fresh postgresql-15 would make and start a cluster of its own: it must not.
    guard = "postgresql-15" in missing
    if guard:
        _as_root(["install", "-D", "-m", "644", "/dev/stdin", _NO_MAIN_CLUSTER], "create_main_cluster = false\n")
    try:
        code = _as_root(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-q",
                         "-o", "Dpkg::Use-Pty=0", "--no-install-recommends", *missing])
    finally:
        if guard:
            _as_root(["rm", "-f", _NO_MAIN_CLUSTER])
    if code != 0:
        raise DevError("apt-get install failed (output above); repair it with `apt-get -f install` and try again")


def install_buf() -> None:
    """Installs the pinned buf under build/tools, not globally."""
    stamp = NODE_TOOLS / "buf.version"
    if stamp.exists() and stamp.read_text() == BUF_VERSION:
        return
    print(f"installing buf {BUF_VERSION} into build/tools", flush=True)
    NODE_TOOLS.mkdir(parents=True, exist_ok=True)
    code, output = run_in_group(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(NODE_TOOLS),
                                 f"@bufbuild/buf@{BUF_VERSION}"], cwd=BUILD, capture=True)
    if code != 0:
        raise DevError(f"npm could not install @bufbuild/buf@{BUF_VERSION}; is the npm registry reachable?\n{output}")
    stamp.write_text(BUF_VERSION)


def install_kafka() -> None:
    """Fetches the jars that third_party/kafka/pom.xml pins into build/kafka."""
    wanted = hashlib.sha256(_KAFKA_POM.read_bytes()).hexdigest()
    stamp = KAFKA_JARS / "pom.sha256"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print("fetching the Kafka broker into build/kafka", flush=True)
    shutil.rmtree(KAFKA_JARS, ignore_errors=True)
    code, output = run_in_group(["mvn", "-q", "-B", "-f", str(_KAFKA_POM), "dependency:copy-dependencies",
                                 f"-DoutputDirectory={KAFKA_JARS}"], cwd=ROOT, capture=True)
    if code != 0:
        raise DevError(f"maven could not fetch the Kafka broker; is Maven Central reachable?\n{output}")
    stamp.write_text(wanted)


def install_all() -> None:
    install_packages()
    install_buf()
    install_kafka()
