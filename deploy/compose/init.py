"""What must be done before the services of docker-compose.yml start: `secrets` makes keys, passwords and certificates
where they are missing, `migrate` creates roles and schemas and brings them up to date. Both may be repeated.
`token` prints a token for the services."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from devlib import certs, secrets  # noqa: E402
from devlib.paths import Layout, write_private  # noqa: E402

_SERVICES = ("oneid", "membership")
_SUPERUSER = "postgres"
SERVICE_USER = 10001  # of the image
DATABASE = "host=postgres dbname=tessera"
LAYOUT = Layout(Path("/run/tessera"))
POSTGRES_PASSWORD = Path("/run/postgres-password/password")


def _passfile(role: str) -> Path:
    return LAYOUT.secrets / f"{role}.pgpass"


def make_secrets() -> None:
    """Everything that a process reads as a file; readable by the services' user only."""
    LAYOUT.create()
    secrets.make_all(LAYOUT)
    certs.make(LAYOUT, server_names=_SERVICES)
    for role in (_SUPERUSER, *_SERVICES):
        write_private(_passfile(role), f"*:*:*:{role}:{secrets.password(LAYOUT, role)}\n")
    for path in (LAYOUT.secrets, *LAYOUT.secrets.rglob("*")):
        os.chown(path, SERVICE_USER, -1)
    # In a volume of its own: the database's server sees this and no other secret.
    POSTGRES_PASSWORD.write_text(secrets.password(LAYOUT, _SUPERUSER))
    POSTGRES_PASSWORD.chmod(0o444)


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
    token = steps.add_parser("token")
    token.add_argument("--brand", action="append", default=[])
    token.add_argument("--role", action="append", default=[])
    args = parser.parse_args(argv)
    if args.step == "token":
        print(secrets.token(LAYOUT, args.brand or ["*"], args.role, "compose"))
    else:
        {"secrets": make_secrets, "migrate": migrate}[args.step]()


if __name__ == "__main__":
    main(sys.argv[1:])
