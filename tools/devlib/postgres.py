"""A private Postgres cluster: made with initdb, tuned for a small machine, durable as in production."""

import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
from pathlib import Path

from . import processes, secrets
from .errors import DevError
from .paths import POSTGRES_BIN, Layout, write_private

NAME = "postgres"
DATABASE = "tessera"
SUPERUSER = "postgres"
SHARED_BUFFERS_MB = 512  # of a stack that shares its machine with others
_SYSTEM_USER = "postgres"  # initdb and postgres refuse root; then they run as this one.
_LONGEST_SOCKET_FOLDER = 80

_SETTINGS = """\
# Written by tools/dev at every start.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{socket_folder}'
max_connections = 100
shared_buffers = {shared_buffers_mb}MB
effective_cache_size = {cache_mb}MB
random_page_cost = 1.1
fsync = on
synchronous_commit = on
wal_compression = lz4
default_toast_compression = lz4
max_wal_size = 8GB
checkpoint_timeout = 15min
jit = off
shared_preload_libraries = 'pg_stat_statements'
track_io_timing = on
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m %u@%d %a '
log_checkpoints = off
# The detail of an error holds values of the row, which may be personal data.
log_error_verbosity = terse
"""


class Postgres:
    """The cluster of one layout. Its folder belongs to the user that the server runs as."""

    def __init__(self, layout: Layout, port: int, shared_buffers_mb: int = SHARED_BUFFERS_MB):
        self._layout = layout
        self._port = port
        self._shared_buffers_mb = shared_buffers_mb
        # As root the server runs as another user, to whom the folder must belong.
        self._account = _server_account() if os.geteuid() == 0 else None

    @property
    def _data(self) -> Path:
        # Resolved, because the server's user may not be able to follow the link from inside the clone.
        return self._layout.postgres.resolve() / "data"

    def start(self) -> processes.Process:
        """Makes the cluster if there is none, starts it, and waits until it answers."""
        secrets.password(self._layout, SUPERUSER)
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        settings = self._data / "tessera.conf"
        settings.write_text(_SETTINGS.format(
            port=self._port, socket_folder=self._socket_folder() or "",
            shared_buffers_mb=self._shared_buffers_mb, cache_mb=2 * self._shared_buffers_mb))
        settings.chmod(0o644)
        process = processes.start(self._layout, NAME, [str(POSTGRES_BIN / "postgres"), "-D", str(self._data)],
                                  env=_clean_environment(), **self._identity())
        processes.wait_until_ready(self._layout, process, self._answers, 60.0)
        if not self._query(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):
            self._query(f"CREATE DATABASE {DATABASE}")
        return process

    def admin_dsn(self, database: str = DATABASE) -> str:
        return self.dsn(SUPERUSER, secrets.password(self._layout, SUPERUSER), database)

    def dsn(self, role: str, password: str, database: str = DATABASE) -> str:
        """libpq connection string; over the Unix socket where its path is short enough for one."""
        host = self._socket_folder() or "127.0.0.1"
        return f"host={host} port={self._port} dbname={database} user={role} password={password}"

    def _socket_folder(self) -> Path | None:
        folder = self._layout.postgres.resolve() / "socket"
        fits = len(str(folder)) <= _LONGEST_SOCKET_FOLDER and not set(str(folder)) & set(" ',\"\\")
        return folder if fits else None

    def _identity(self) -> dict[str, int]:
        return {"user": self._account.pw_uid, "group": self._account.pw_gid} if self._account else {}

    def _initialise(self) -> None:
        remove(self._layout)
        home = self._make_home()
        (home / "socket").mkdir(mode=0o700)
        password_file = home / "password"
        write_private(password_file, secrets.password(self._layout, SUPERUSER) + "\n")
        if self._account:
            for path in (home, home / "socket", password_file):
                os.chown(path, self._account.pw_uid, self._account.pw_gid)
        unfinished = home / "unfinished"  # Renamed when complete, so that no half-made cluster is ever started.
        identity = {**self._identity(), "extra_groups": []} if self._account else {}
        done = subprocess.run(
            [POSTGRES_BIN / "initdb", "-D", unfinished, "-U", SUPERUSER, "-A", "scram-sha-256", "-E", "UTF8",
             "--lc-collate=C", "--lc-ctype=C.UTF-8", "--lc-messages=C", "--no-sync", f"--pwfile={password_file}"],
            cwd="/", env=_clean_environment(), capture_output=True, text=True, check=False, **identity)
        password_file.unlink()
        if done.returncode != 0:
            raise DevError(f"initdb failed:\n{done.stdout}{done.stderr}")
        with (unfinished / "postgresql.conf").open("a") as out:
            out.write("\ninclude = 'tessera.conf'\n")
        unfinished.rename(self._data)

    def _make_home(self) -> Path:
        """var/pg itself, or a link to a folder that the server's user can reach."""
        if not self._account or _can_enter(self._layout.var, self._account):
            self._layout.postgres.mkdir(mode=0o700)
            return self._layout.postgres
        outside = _outside_home(self._layout)
        _clear_leftover(outside, self._account)
        outside.mkdir(mode=0o700)
        self._layout.postgres.symlink_to(outside)
        return outside

    def _answers(self) -> bool:
        return subprocess.run([POSTGRES_BIN / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port)],
                              check=False).returncode == 0

    def _query(self, sql: str) -> str:
        done = subprocess.run([POSTGRES_BIN / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql],
                              env={**_clean_environment(), "PGHOST": "127.0.0.1", "PGPORT": str(self._port),
                                   "PGUSER": SUPERUSER, "PGDATABASE": "postgres",
                                   "PGPASSWORD": secrets.password(self._layout, SUPERUSER)},
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DevError(f"Postgres refused `{sql}`: {done.stderr.strip()}")
        return done.stdout.strip()


def stop(layout: Layout) -> None:
    """Fast shutdown: sessions are cut, data is flushed."""
    processes.stop_all(layout, [NAME], signal.SIGINT, 30.0)


def remove(layout: Layout) -> None:
    """Deletes the cluster's files, also where they lie outside the clone. The server must be down."""
    home = layout.postgres
    if home.is_symlink():
        # Only the folder that this module would have chosen is followed.
        if Path(os.readlink(home)) == _outside_home(layout):
            shutil.rmtree(_outside_home(layout), ignore_errors=True)
        home.unlink()
    elif home.exists():
        shutil.rmtree(home)


def _outside_home(layout: Layout) -> Path:
    digest = hashlib.sha256(str(layout.var).encode()).hexdigest()[:16]
    return Path("/var/tmp") / f"tessera-{digest}"


def _clear_leftover(outside: Path, account: pwd.struct_passwd) -> None:
    """Deletes what an earlier clone at the same path left there, if it is truly its own and no server uses it."""
    if not outside.is_symlink() and not outside.exists():
        return
    about = outside.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid not in (0, account.pw_uid):
        raise DevError(f"{outside} exists and was not made by tools/dev; look at it and remove it")
    lock = outside / "data" / "postmaster.pid"
    if lock.exists() and processes.start_time_of(int(lock.read_text().split()[0])) is not None:
        raise DevError(f"the Postgres server of an earlier clone still runs in {outside} "
                       f"(pid {lock.read_text().split()[0]}); stop it first")
    shutil.rmtree(outside)


def _server_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        raise DevError(f"there is no user {_SYSTEM_USER!r} to run Postgres as; install postgresql-15, "
                       "or run tools/dev as a user that is not root") from None


def _can_enter(folder: Path, account: pwd.struct_passwd) -> bool:
    return subprocess.run(["test", "-x", folder], user=account.pw_uid, group=account.pw_gid, extra_groups=[],
                          check=False).returncode == 0


def _clean_environment() -> dict[str, str]:
    """The environment without libpq's own variables, which would redirect us to another cluster."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C.UTF-8"}
