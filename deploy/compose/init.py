"""What must be done before the services of docker-compose.yml start: `secrets` makes keys, passwords and certificates
where they are missing and gives each container its own, `migrate` creates roles and schemas and brings them up to date.
Both may be repeated. `token` prints a token for the services, `client` the files that a client's TLS needs, as tar."""

import argparse
import os
import subprocess
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from devlib import certs, secrets  # noqa: E402
from devlib.paths import Layout, write_private  # noqa: E402

_SERVICES = ("oneid", "membership")
_SUPERUSER = "postgres"
SERVICE_USER = 10001  # of the image
DATABASE = "host=postgres dbname=tessera"
# In the container of `secrets` everything; in any other only what it was given.
LAYOUT = Layout(Path("/run/tessera"))
GIVEN = Path("/run/given")
_OF_A_SERVICE = ("jwks.json", "keys.json", "tls/ca.pem", "tls/server.pem", "tls/server.key")
_OF = {**{service: (*_OF_A_SERVICE, f"{service}.pgpass") for service in _SERVICES},
       "migrate": ("postgres.json", f"{_SUPERUSER}.pgpass")}
_OF_A_CLIENT = ("tls/ca.pem", "tls/client.pem", "tls/client.key")
POSTGRES_PASSWORD = Path("/run/postgres-password/password")


def _passfile(role: str) -> Path:
    return LAYOUT.secrets / f"{role}.pgpass"


def make_secrets() -> None:
    """Everything that a process reads as a file, each in the volume of the container that needs it."""
    LAYOUT.create()
    secrets.make_all(LAYOUT)
    certs.make(LAYOUT, server_names=_SERVICES)
    for role in (_SUPERUSER, *_SERVICES):
        write_private(_passfile(role), f"*:*:*:{role}:{secrets.password(LAYOUT, role)}\n")
    for name, files in _OF.items():
        _give(GIVEN / name, files)
    # In a volume of its own: the database's server sees this and no other secret.
    POSTGRES_PASSWORD.write_text(secrets.password(LAYOUT, _SUPERUSER))
    POSTGRES_PASSWORD.chmod(0o444)


def _give(folder: Path, files: tuple[str, ...]) -> None:
    """Copies secrets; readable by the services' user only."""
    (folder / "tls").mkdir(parents=True, exist_ok=True)
    for file in files:
        write_private(folder / file, (LAYOUT.secrets / file).read_text())
    for path in (folder, *folder.rglob("*")):
        os.chown(path, SERVICE_USER, -1)


def print_client_files() -> None:
    """To standard output, which must be no terminal."""
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
        for file in _OF_A_CLIENT:
            tar.add(LAYOUT.secrets / file, file)


def migrate() -> None:
    """Each service's own migrations, by its own program."""
    for service in _SERVICES:
        env = {**os.environ, "TESSERA_DB_PASSWORD": secrets.password(LAYOUT, service),
               "TESSERA_ADMIN_DSN": f"{DATABASE} user={_SUPERUSER} passfile={_passfile(_SUPERUSER)}"}
        subprocess.run([f"tessera-{service}", "migrate"], env=env, check=True)


def main(argv: list[str]) -> None:
    """Runs one step."""
    parser = argparse.ArgumentParser(description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    steps.add_parser("secrets")
    steps.add_parser("migrate")
    steps.add_parser("client")
    token = steps.add_parser("token")
    token.add_argument("--brand", action="append", default=[])
    token.add_argument("--role", action="append", default=[])
    args = parser.parse_args(argv)
    if args.step == "token":
        print(secrets.token(LAYOUT, args.brand or ["*"], args.role, "compose"))
    else:
        {"secrets": make_secrets, "migrate": migrate, "client": print_client_files}[args.step]()


if __name__ == "__main__":
    main(sys.argv[1:])
