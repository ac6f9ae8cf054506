"""Migrations: applied once, in one transaction, by the owner, and never backwards."""

import asyncio
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

import hub.registry.tables
from hub.store import migrate as module
from hub.store.metadata import METADATA
from hub.store.migrate import migrate, read_schema_status
from schema.errors import ConfigurationError, StorageError

REGISTRY = set(vars(hub.registry.tables)["__all__"])


@pytest.fixture(scope="module")
def database(postgres: Any) -> Any:
    """A migrated database's owner URL."""
    url = postgres.create_database()
    asyncio.run(migrate(url))
    return url


def ask(url: str, question: str) -> Any:
    """One statement on a connection of its own."""

    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(run())


def test_status_before_and_after(postgres: Any) -> None:
    """An empty database is told from one that is up to date, and migrating twice changes nothing."""
    url = postgres.create_database()
    before = asyncio.run(read_schema_status(url))
    assert before.current is None
    assert not before.up_to_date
    first, second = asyncio.run(migrate(url)), asyncio.run(migrate(url))
    assert first == second
    assert first.up_to_date


def test_hubs_that_start_at_once(postgres: Any) -> None:
    """Three migrations of one empty database at the same moment all succeed."""
    url = postgres.create_database()

    async def run() -> list[Any]:
        return list(await asyncio.gather(*(migrate(url) for _ in range(3))))

    assert all(status.up_to_date for status in asyncio.run(run()))


def test_newer_database(postgres: Any) -> None:
    """A database that a newer version has migrated is refused in one line that names both revisions."""
    url = postgres.create_database()
    asyncio.run(migrate(url))
    ask(url, "UPDATE alembic_version SET version_num = '9999_future'")
    assert not asyncio.run(read_schema_status(url)).known
    with pytest.raises(ConfigurationError, match="`9999_future`, newer than this hub"):
        asyncio.run(migrate(url))
    assert ask(url, "SELECT version_num FROM alembic_version") == "9999_future"


def test_failed_migration_leaves_nothing(postgres: Any) -> None:
    """When a migration fails, the database is as it was."""
    url = postgres.create_database()
    ask(url, "CREATE TABLE budget_days (n int)")
    with pytest.raises(StorageError):
        asyncio.run(migrate(url))
    assert ask(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 1


def test_unreachable_database() -> None:
    """A server that is not there is one error without the password."""
    with pytest.raises(StorageError) as caught:
        asyncio.run(migrate("postgresql://hub_owner:hush@127.0.0.1:1/hub"))
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("major", [14, 19, None])
def test_other_servers(major: int | None) -> None:
    """PostgreSQL older than 15 or newer than 18 is refused by number."""
    with pytest.raises(ConfigurationError, match="15 to 18"):
        module._check_server(None if major is None else (major, 1))


def test_tables_match_migrations(database: str) -> None:
    """The declared registry tables are exactly those the migrations make."""

    async def run() -> list[Any]:
        engine = create_async_engine(database.replace("postgresql://", "postgresql+asyncpg://"))
        async with engine.connect() as connection:
            found = await connection.run_sync(_differences)
        await engine.dispose()
        return found

    assert len(REGISTRY) == 8
    assert asyncio.run(run()) == []


def _differences(connection: Any) -> list[Any]:
    wanted = {name.lower() for name in REGISTRY}
    options = {
        "include_name": lambda name, kind, parents: kind != "table" or name in wanted,
        "include_object": lambda _, name, kind, reflected, other: kind != "table" or name in wanted,
    }
    declared = hub.registry.tables.MIGRANTS.metadata
    assert declared is METADATA
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("SELECT count(*) FROM migrants", True),
        ("SELECT version_num FROM alembic_version", True),
        ("UPDATE policy_epoch SET epoch = epoch + 1", True),
        ("DELETE FROM budget_days", True),
        ("DELETE FROM migrants", False),
        ("TRUNCATE identities", False),
        ("DROP TABLE links", False),
        ("ALTER TABLE migrants ADD COLUMN name text", False),
        ("CREATE TABLE loot (n int)", False),
        ("UPDATE alembic_version SET version_num = 'x'", False),
    ],
)
def test_service_role(postgres: Any, database: str, statement: str, allowed: bool) -> None:
    """The service role reads, adds and changes rows, forgets budgets, and can do nothing to the tables."""
    url = postgres.service_url(database)
    if allowed:
        ask(url, statement)
    else:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            ask(url, statement)
