"""`hub db`: says where the database stands and brings it up to date."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner, Result

from hub.commands.db import command


def hub(*words: str) -> Result:
    """`hub db …`."""
    return CliRunner().invoke(command, list(words))


@pytest.fixture
def owner(postgres: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The owner URL of an empty database that the settings name."""
    url = postgres.create_database()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUB_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("HUB_DATABASE_URL", postgres.service_url(url))
    monkeypatch.setenv("HUB_DATABASE_OWNER_URL", url)
    return url


def test_status_and_migrate(owner: str) -> None:
    """An empty database is older, a migrated one up to date, one from the future newer and left alone."""
    assert (hub("status").exit_code, "older than this hub" in hub("status").output) == (1, True)
    assert hub("migrate").exit_code == 0
    assert (hub("status").exit_code, "up to date" in hub("status").output) == (0, True)

    async def travel() -> None:
        connection = await asyncpg.connect(owner)
        await connection.execute("UPDATE alembic_version SET version_num = '9999_future'")
        await connection.close()

    asyncio.run(travel())
    assert (hub("status").exit_code, "newer than this hub" in hub("status").output) == (1, True)
    refused = hub("migrate")
    assert refused.exit_code == 1
    assert "newer than this hub knows" in refused.output


def test_unreachable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A database that is not there is one line without its password."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUB_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql://hub_service:hush@127.0.0.1:1/hub")
    result = hub("status")
    assert result.exit_code == 1
    assert "hush" not in result.output
    assert len(result.output.splitlines()) == 1
