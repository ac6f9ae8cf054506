"""`hub keys`: no command shows a secret, overwrites a key, or changes one without a record."""

import asyncio
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hub.audit.events import Event
from hub.commands.keys import command
from hub.keys import KeyFile, read_backup
from hub.store.migrate import migrate
from hub.store.pool import open_pool
from privacy.keys import KEY_CATALOGUE, KeyRing, SigningKey

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def database(postgres: Any) -> Any:
    """A migrated database's owner URL."""
    url = postgres.create_database()
    asyncio.run(migrate(url))
    return url


@pytest.fixture
def hub(postgres: Any, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`hub keys …` in an installation of its own, with a shared database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUB_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HUB_DATABASE_URL", postgres.service_url(database))
    monkeypatch.setenv("HUB_DATABASE_OWNER_URL", database)

    def run(*words: str, answer: str | None = None) -> Result:
        return CliRunner().invoke(command, list(words), input=answer)

    return run


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    """The installation's key file."""
    return KeyFile(tmp_path / "state" / "keys.json")


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Event, dict[str, str]]]:
    """Instead of the log (whose shard a fresh set of keys cannot continue), a list of what is recorded."""
    written: list[tuple[Event, dict[str, str]]] = []

    class Log:
        async def write(self, record: Any) -> None:
            written.append((record.event, dict(record.detail)))

        async def __aenter__(self) -> "Log":
            return self

        async def __aexit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr("hub.operator_desk.open_operator_log", lambda *_: Log())
    return written


def secrets_of(ring: KeyRing) -> list[bytes]:
    """Every secret in a ring."""
    return [key.seed if isinstance(key, SigningKey) else key.root for key in ring]


def test_init_and_show(hub: Run, keys: KeyFile) -> None:
    """`init` makes what is missing, twice is once, and `show` lists every key without any secret."""
    assert f"{len(KEY_CATALOGUE)} of them new" in hub("init").output
    before = secrets_of(keys.read())
    assert "0 of them new" in hub("init").output
    assert secrets_of(keys.read()) == before
    shown = hub("show").output
    assert all(name in shown for name in KEY_CATALOGUE)
    assert keys.read().signer("checkpoint").public_key.hex() in shown
    assert not any(secret.hex() in shown for secret in before)
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600


def test_show_without_keys(hub: Run) -> None:
    """Without keys one line says what to do."""
    result = hub("show")
    assert result.exit_code == 1
    assert "hub keys init" in result.output
    assert len(result.output.splitlines()) == 1


def test_rotate_and_retire(hub: Run, keys: KeyFile, records: list[Any]) -> None:
    """Rotating and retiring are recorded before they take effect."""
    hub("init")
    assert hub("rotate", "sector:health").output == "version 2 of key sector:health is current; restart the hub\n"
    assert [key.version for key in keys.read().accepted("sector:health")] == [2, 1]
    assert hub("retire", "sector:health", "1").exit_code == 0
    assert [key.version for key in keys.read().accepted("sector:health")] == [2]
    detail = {"key": "sector:health", "suite": "intl-1"}
    assert records == [
        (Event.KEY_ROTATION, {**detail, "version": "2"}),
        (Event.KEY_ROTATION, {**detail, "version": "1"}),
    ]


def test_no_record_no_rotation(hub: Run, keys: KeyFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the database is gone, nothing is rotated."""
    hub("init")
    monkeypatch.setenv("HUB_DATABASE_OWNER_URL", "postgresql://hub_owner:hush@127.0.0.1:1/hub")
    result = hub("rotate", "index")
    assert result.exit_code == 1
    assert "hush" not in result.output
    assert keys.read().current("index").version == 1


@pytest.mark.parametrize("words", [("rotate", "audit"), ("rotate", "nothing"), ("retire", "index", "0"), ("retire",)])
def test_wrong_use(hub: Run, words: tuple[str, ...]) -> None:
    """A key that does not rotate, or an unknown one, is a usage error."""
    hub("init")
    assert hub(*words).exit_code == 2


def test_retire_refused(hub: Run, keys: KeyFile, records: list[Any]) -> None:
    """The current version, and one that is not there, stay as they are."""
    hub("init")
    assert "is current" in hub("retire", "index", "1").output
    assert "no version 7" in hub("retire", "index", "7").output
    assert records == []
    assert keys.read().current("index").version == 1


@pytest.mark.parametrize("name", ["crosswalk", "index"])
def test_persons_are_not_lost(
    hub: Run, keys: KeyFile, records: list[Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A version that persons still need is retired by force only."""
    remedy = {"crosswalk": "reseal", "index": "build"}[name]

    async def count(pool: Any, asked: str, version: int) -> int:
        assert (asked, version) == (name, 1)
        return 12

    hub("init")
    hub("rotate", name)
    monkeypatch.setattr("hub.commands.keys.count_rows_under", count)
    result = hub("retire", name, "1")
    assert result.exit_code == 1
    assert f"12 persons would be lost: run `hub registry {remedy}`" in result.output
    assert len(keys.read().accepted(name)) == 2
    assert hub("retire", name, "1", "--force").exit_code == 0
    assert len(keys.read().accepted(name)) == 1


def test_backup_and_restore(hub: Run, keys: KeyFile, records: list[Any], tmp_path: Path) -> None:
    """A backup opens with its passphrase only, restores every version, and replaces keys only when told to."""
    hub("init")
    hub("rotate", "index")
    before = secrets_of(keys.read())
    file = tmp_path / "backup.json"
    assert hub("backup", str(file), answer="correct horse\ncorrect horse\n").exit_code == 0
    assert secrets_of(read_backup(file, "correct horse")) == before
    assert "exists already" in hub("backup", str(file), answer="correct horse\ncorrect horse\n").output
    assert hub("restore", str(file), answer="correct horse\n").exit_code == 3
    keys.path.unlink()
    assert hub("restore", str(file), answer="wrong horse\n").exit_code == 1
    assert not keys.path.exists()
    (tmp_path / "passphrase").write_text("correct horse\n")
    assert hub("restore", str(file), "--passphrase-file", str(tmp_path / "passphrase")).exit_code == 0
    assert secrets_of(keys.read()) == before
    assert records[-1] == (Event.KEY_BACKUP, {"change": "restore", "keys": str(len(before))})
    assert json.loads(file.read_bytes())["protection"] == "passphrase"


def test_real_log(postgres: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a real log, a rotation is one more durable record in the commands' shard."""
    url = postgres.create_database()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUB_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HUB_DATABASE_URL", postgres.service_url(url))
    monkeypatch.setenv("HUB_DATABASE_OWNER_URL", url)
    assert CliRunner().invoke(command, ["rotate", "index"]).exit_code == 0

    async def count() -> Any:
        async with await open_pool(postgres.service_url(url), 1) as pool:
            return await pool.fetchval("SELECT count(*) FROM audit_entries WHERE shard = 'operator'")

    assert asyncio.run(count()) == 1
