"""libpq connection strings of the kind that this package makes (`key=value`, no quoting), and statements run by them."""

import os
import subprocess

from .errors import DevError
from .paths import POSTGRES_BIN

_VARIABLES = {"host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD"}


def replaced(dsn: str, **fields: str) -> str:
    """The same connection string with other fields, such as dbname="x"."""
    known = dict(part.split("=", 1) for part in dsn.split()) | fields
    return " ".join(f"{name}={value}" for name, value in known.items())


def run(dsn: str, sql: str) -> str:
    """Runs one statement and returns its output. The password goes by environment, never by argument."""
    fields = dict(part.split("=", 1) for part in dsn.split())
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    env |= {_VARIABLES[name]: value for name, value in fields.items() if name in _VARIABLES} | {"LC_ALL": "C.UTF-8"}
    done = subprocess.run([POSTGRES_BIN / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql],
                          env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DevError(f"Postgres refused `{sql}`: {done.stderr.strip()}")
    return done.stdout.strip()
