"""The hub's database: started when none is named, migrated before anybody uses it."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from hub.config import Settings
from hub.store.database import open_database
from hub.store.migrate import read_schema_status
from hub.store.pool import open_pool
from schema.errors import ConfigurationError


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder that the server's account can pass through, as pytest's own is not."""
    path = Path(tempfile.mkdtemp(prefix="hub-state-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_embedded(state: Path) -> None:
    """Without a URL the hub has a migrated database with two roles, and hides their passwords."""

    async def run() -> Any:
        async with open_database(Settings(state_dir=state)) as database:
            assert database.server is not None
            assert "password" not in repr(database)
            assert database.service_url not in repr(database)
            async with await open_pool(database.service_url, 2) as pool:
                role = await pool.fetchval("SELECT current_user")
            return role, (await read_schema_status(database.owner_url)).up_to_date, database.server.pid

    role, up_to_date, pid = asyncio.run(run())
    assert (role, up_to_date) == ("hub_service", True)
    assert not (Path(f"/proc/{pid}/cwd")).exists()


def test_external(postgres: Any) -> None:
    """With URLs the hub uses that server, as the service role, and starts none."""
    owner = postgres.create_database()
    settings = Settings(
        database_url=SecretStr(postgres.service_url(owner)),
        database_owner_url=SecretStr(owner),
    )

    async def run() -> Any:
        async with open_database(settings, upgrade=False) as database:
            assert not (await read_schema_status(database.owner_url)).up_to_date
        async with open_database(settings) as database:
            assert database.server is None
            async with await open_pool(database.service_url, 2) as pool:
                return await pool.fetchval("SELECT epoch FROM policy_epoch")

    assert asyncio.run(run()) == 1


def test_one_role_for_all(postgres: Any) -> None:
    """A sandbox may use one role for everything."""
    url = postgres.create_database()

    async def run() -> Any:
        async with open_database(Settings(database_url=SecretStr(url))) as database:
            return database.owner_url == database.service_url == url

    assert asyncio.run(run())


def test_wrong_service_role() -> None:
    """Two URLs need the role that the migrations grant to."""
    settings = Settings(
        database_url=SecretStr("postgresql://somebody:hush@127.0.0.1:1/hub"),
        database_owner_url=SecretStr("postgresql://hub_owner:hush@127.0.0.1:1/hub"),
    )

    async def run() -> None:
        async with open_database(settings):
            pass

    with pytest.raises(ConfigurationError, match="`hub_service`"):
        asyncio.run(run())
