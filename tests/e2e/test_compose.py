"""docker-compose.yml and the Dockerfile against the programs that they run. No container engine is needed: what a
container would be told is told to the built programs."""

import contextlib
import importlib.util
import io
import json
import os
import re
import secrets as random_secrets
import signal
import subprocess
import tarfile
import time
import unittest
import unittest.mock
from pathlib import Path

import yaml

import world  # noqa: F401 (finds devlib)
from devlib import dsn
from devlib.paths import CMAKE_BUILD, ROOT, TESSERA_CLI, Layout

_COMPOSE = ROOT / "docker-compose.yml"
_DOCKERFILE = (ROOT / "deploy" / "docker" / "Dockerfile").read_text()
_PROGRAMS = {"tessera-oneid": CMAKE_BUILD / "services" / "oneid" / "tessera-oneid",
             "tessera-membership": CMAKE_BUILD / "services" / "membership" / "tessera-membership",
             "tessera": TESSERA_CLI}
_READY_SECONDS = 60.0


def _config() -> dict:
    """As docker-compose reads it; fails where docker-compose would."""
    told = subprocess.run(["docker-compose", "-f", str(_COMPOSE), "config"], capture_output=True, text=True, check=True)
    return yaml.safe_load(told.stdout)


def _init_module():
    spec = importlib.util.spec_from_file_location("compose_init", ROOT / "deploy" / "compose" / "init.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _probe() -> list[str]:
    """The command of the image's HEALTHCHECK."""
    return json.loads(re.search(r"HEALTHCHECK .*\\\n\s+CMD (\[.*\])", _DOCKERFILE).group(1))


def _services(config: dict) -> dict[str, dict]:
    return {name: service for name, service in config["services"].items() if service["image"] == "tessera"}


def _port(address: str) -> str:
    return address.rpartition(":")[2].removesuffix("/tcp")


def _packages_of(libraries: set[Path]) -> set[str]:
    told = subprocess.run(["dpkg-query", "-S", *map(str, libraries)], capture_output=True, text=True, check=False).stdout
    return {line.partition(":")[0] for line in told.splitlines()}


def _with_dependencies(packages: set[str]) -> set[str]:
    told = subprocess.run(["dpkg-query", "-W", "-f", "${Package}\t${Pre-Depends}, ${Depends}\n"], capture_output=True,
                          text=True, check=True).stdout
    depends = {name: set(re.findall(r"(?:^|[,|]\s*)([a-z0-9.+-]+)", wanted))
               for name, wanted in (line.split("\t", 1) for line in told.splitlines())}
    found, to_do = set(), list(packages)
    while to_do:
        package = to_do.pop()
        if package not in found:
            found.add(package)
            to_do += depends.get(package, ())
    return found


class FilesTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.config = _config()

    def test_every_variable_and_command_is_known_to_its_program(self):
        services = _services(self.config)
        self.assertEqual(sorted(services), ["membership", "oneid"])
        for name, service in services.items():
            program, step = service["command"]
            self.assertEqual((program, step), (f"tessera-{name}", "serve"))
            told = subprocess.run([_PROGRAMS[program], "--help"], capture_output=True, text=True, check=False).stdout
            for variable in service["environment"]:
                self.assertIn(f"({variable}", re.sub(r"\s+", " ", told), name)

    def test_every_container_has_only_the_volume_of_its_own_secrets(self):
        mounted = {name: {mount.split(":")[0] for mount in service.get("volumes", ())}
                   for name, service in self.config["services"].items()}
        self.assertEqual([name for name, volumes in mounted.items() if "secrets" in volumes], ["secrets"])
        for name in ("oneid", "membership", "migrate"):
            self.assertEqual(mounted[name], {f"{name}-secrets"})
        self.assertEqual(mounted["postgres"], {"postgres", "postgres-password"})
        self.assertEqual(mounted["kafka"], {"kafka"})

    def test_ports_are_those_that_the_services_listen_on(self):
        exposed = re.search(r"EXPOSE (.*)", _DOCKERFILE).group(1).split()
        for name, service in _services(self.config).items():
            listened = {_port(service["environment"][key]) for key in ("TESSERA_LISTEN", "TESSERA_METRICS_LISTEN")}
            self.assertEqual(set(exposed), listened, name)
            self.assertEqual({_port(port) for port in service["ports"]}, listened, name)
            self.assertTrue(all(port.startswith("127.0.0.1:") for port in service["ports"]), name)
            self.assertEqual(_port(_probe()[-1]), _port(service["environment"]["TESSERA_METRICS_LISTEN"]), name)

    def test_what_the_image_copies_and_builds_is_there(self):
        for line in re.findall(r"^COPY (?!--from)(.*)$", _DOCKERFILE, re.MULTILINE):
            for source in line.split()[:-1]:
                self.assertTrue((ROOT / source).exists(), source)
        targets = re.search(r"--target (.*) \\", _DOCKERFILE).group(1).split()
        self.assertEqual(sorted(targets), sorted(_PROGRAMS))
        stages = set(re.findall(r"^FROM \S+ AS (\w+)$", _DOCKERFILE, re.MULTILINE))
        for name, service in self.config["services"].items():
            if "build" in service:
                self.assertIn(service["build"]["target"], stages, name)

    def test_the_image_has_every_library_that_the_programs_load(self):
        told = subprocess.run(["ldd", *map(str, _PROGRAMS.values())], capture_output=True, text=True, check=True).stdout
        libraries = {Path(path).resolve() for path in re.findall(r"=> (/\S+)", told)}
        stage = _DOCKERFILE.split(" AS service")[1].split("COPY")[0]
        installed = set(re.findall(r"[a-z0-9.+-]+", stage.split("--no-install-recommends")[1].split("&&")[0]))
        missing = _packages_of(libraries) - _with_dependencies(installed | {"libc6", "libstdc++6", "libgcc-s1"})
        self.assertEqual(missing, set())


class StartTest(unittest.TestCase):
    """The containers' steps and settings, with this machine's addresses and folders in place of the containers'."""

    def setUp(self):
        self.config = _config()
        self.var = Path(os.environ["TESSERA_TEST_VAR"]) / f"compose_{random_secrets.token_hex(4)}"
        self.layout = Layout(self.var)
        admin = dict(part.split("=", 1) for part in os.environ["TESSERA_TEST_ADMIN_DSN"].split())
        self.database = self.var.name
        dsn.run(os.environ["TESSERA_TEST_ADMIN_DSN"], f"CREATE DATABASE {self.database}")
        self.addCleanup(dsn.run, os.environ["TESSERA_TEST_ADMIN_DSN"], f"DROP DATABASE {self.database} WITH (FORCE)")
        self.init = _init_module()
        self.init.LAYOUT, self.init.SERVICE_USER = self.layout, os.geteuid()
        self.init.GIVEN = self.var / "given"
        self.init.POSTGRES_PASSWORD = self.var / "postgres-password"
        self.init.DATABASE = f"host={admin['host']} port={admin['port']} dbname={self.database}"
        self.layout.create()
        (self.layout.secrets / "postgres.json").write_text(json.dumps({"postgres": admin["password"]}))
        self.path = os.pathsep.join([*(str(path.parent) for path in _PROGRAMS.values()), os.environ["PATH"]])

    def _prepare(self) -> None:
        """The containers that come before the services."""
        self.init.main(["secrets"])
        migrates = Layout(self.var / "migrate")
        migrates.var.mkdir(exist_ok=True)
        if not migrates.secrets.exists():
            migrates.secrets.symlink_to(self.init.GIVEN / "migrate")
        with unittest.mock.patch.dict(os.environ, {"PATH": self.path}), unittest.mock.patch.object(self.init, "LAYOUT", migrates):
            self.init.main(["migrate"])

    def _client_files(self) -> Path:
        """What `docker-compose run --rm -T secrets client | tar x` leaves."""
        folder, packed = self.var / "client", io.BytesIO()
        with contextlib.redirect_stdout(io.TextIOWrapper(packed)):
            self.init.main(["client"])
            packed.seek(0)
            with tarfile.open(fileobj=packed) as tar:
                tar.extractall(folder)
        files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        self.assertEqual(files, {"tls/ca.pem", "tls/client.pem", "tls/client.key"})
        return folder

    def _given(self, name: str) -> dict[str, str]:
        folder = self.init.GIVEN / name
        return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}

    def _environment(self, service: str) -> dict[str, str]:
        """What the container would be told, with the addresses of here."""
        env = dict(self.config["services"][service]["environment"])
        env["TESSERA_DSN"] = env["TESSERA_DSN"].replace("host=postgres dbname=tessera", self.init.DATABASE)
        self.assertIn(self.init.DATABASE, env["TESSERA_DSN"])
        for name in ("TESSERA_LISTEN", "TESSERA_METRICS_LISTEN"):
            env[name] = "127.0.0.1:0"
        env = {name: str(value).replace("/run/tessera/secrets", str(self.init.GIVEN / service)) for name, value in env.items()}
        return env | {"PATH": self.path, "TESSERA_BROKERS": os.environ["TESSERA_TEST_BROKERS"],
                      "TESSERA_TOPIC_PREFIX": self.database}

    @contextlib.contextmanager
    def _serving(self, service: str):
        """The ports (gRPC, metrics) of the service, started as its container would be."""
        with (self.var / f"{service}.log").open("wb") as log:
            process = subprocess.Popen(self.config["services"][service]["command"], env=self._environment(service),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            _, grpc, _, metrics = process.stdout.readline().split()
            yield grpc, metrics
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(20), 0)  # The compose file's grace period.
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    def _probe_exit(self, metrics: str) -> int:
        command = [_PROGRAMS[_probe()[0]], *(word.replace("9100", metrics) for word in _probe()[1:])]
        return subprocess.run(command, capture_output=True, check=False).returncode

    def test_the_steps_make_a_stack_that_serves_only_whoever_has_certificate_and_token(self):
        self._prepare()
        kept = self._given("oneid")["keys.json"]
        self._prepare()
        self.assertEqual(self._given("oneid")["keys.json"], kept, "made anew, it could read nothing")
        with self._serving("oneid") as (oneid, metrics), self._serving("membership") as (membership, _):
            deadline = time.monotonic() + _READY_SECONDS
            while self._probe_exit(metrics) != 0 and time.monotonic() < deadline:
                pass
            self.assertEqual(self._probe_exit(metrics), 0)
            tls, env = self._client_files() / "tls", {"PATH": self.path, "TESSERA_VAR": str(self.var)}
            with contextlib.redirect_stdout(io.StringIO()) as token:
                self.init.main(["token", "--role", "operator"])
            env |= {"TESSERA_ONEID": f"localhost:{oneid}", "TESSERA_MEMBERSHIP": f"localhost:{membership}",
                    "TESSERA_TOKEN": token.getvalue().strip(), "TESSERA_TLS_CA": str(tls / "ca.pem")}
            stranger = subprocess.run([TESSERA_CLI, "check"], env=env, capture_output=True, text=True, check=False)
            self.assertNotEqual(stranger.returncode, 0)
            env |= {"TESSERA_TLS_CERT": str(tls / "client.pem"), "TESSERA_TLS_KEY": str(tls / "client.key")}
            told = subprocess.run([TESSERA_CLI, "check"], env=env, capture_output=True, text=True, check=False)
            self.assertIn("all hold", told.stdout, told.stderr)
        self.assertEqual(self._probe_exit(metrics), 1)

    def test_no_service_is_given_what_is_anothers(self):
        self.init.main(["secrets"])
        secret = self.layout.secrets
        passwords = json.loads((secret / "postgres.json").read_text())
        for name, other in (("oneid", "membership"), ("membership", "oneid")):
            given = self._given(name)
            self.assertEqual(sorted(given), ["jwks.json", "keys.json", f"{name}.pgpass", "tls/ca.pem", "tls/server.key",
                                             "tls/server.pem"])
            for foreign in (passwords["postgres"], passwords[other], (secret / "signing.pem").read_text(),
                            (secret / "tls" / "ca.key").read_text(), (secret / "tls" / "client.key").read_text()):
                self.assertFalse(any(foreign.strip() in text for text in given.values()))
        self.assertEqual(sorted(self._given("migrate")), ["postgres.json", "postgres.pgpass"])


if __name__ == "__main__":
    unittest.main()
