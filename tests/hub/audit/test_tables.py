"""The log's tables: as declared, and append-only for everybody."""

import asyncio
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hub.audit import tables
from hub.store.metadata import METADATA

EVIDENCE = ("audit_entries", "audit_payloads", "audit_checkpoints", "audit_subject_index")
CHANGES = {
    "update": "UPDATE {table} SET shard = 'x'",
    "delete": "DELETE FROM {table}",
    "truncate": "TRUNCATE {table}",
    "drop": "DROP TABLE {table}",
    "alter": "ALTER TABLE {table} DISABLE TRIGGER ALL",
}


def try_all(url: str, statements: list[str]) -> list[str | None]:
    """The SQLSTATE that each statement fails with, or None; nothing is committed."""

    async def run() -> list[str | None]:
        connection = await asyncpg.connect(url)
        states: list[str | None] = []
        for statement in statements:
            transaction = connection.transaction()
            await transaction.start()
            try:
                await connection.execute(statement)
                states.append(None)
            except asyncpg.PostgresError as error:
                states.append(error.sqlstate)
            await transaction.rollback()
        await connection.close()
        return states

    return asyncio.run(run())


def test_migration_makes_the_declared_tables(log: Any) -> None:
    """The tables that the migration makes are those the code declares."""

    def compare(connection: Connection) -> list[Any]:
        mine = MetaData()
        for name in tables.__all__:
            getattr(tables, name).to_metadata(mine)

        def is_ours(_: Any, name: str | None, kind: str, *__: Any) -> bool:
            return kind != "table" or name in mine.tables

        context = MigrationContext.configure(connection, opts={"include_object": is_ours})
        return list(compare_metadata(context, mine))

    async def run() -> list[Any]:
        url = log.owner_url.replace("postgresql://", "postgresql+asyncpg://")
        engine = create_async_engine(url, poolclass=NullPool)
        async with engine.connect() as connection:
            differences: list[Any] = await connection.run_sync(compare)
        await engine.dispose()
        return differences

    assert {getattr(tables, name).name for name in tables.__all__} <= set(METADATA.tables)
    assert asyncio.run(run()) == []


@pytest.mark.parametrize("change", CHANGES)
def test_service_may_only_insert_and_select(log: Any, change: str) -> None:
    """The service role, logged in by password, is refused every change to every evidence table and its partitions."""
    log.fill(1)
    names = [*EVIDENCE, "audit_payloads_2026", "audit_subject_index_default"]
    states = try_all(log.url, [CHANGES[change].format(table=name) for name in names])
    assert states == ["42501"] * len(names)


@pytest.mark.parametrize("change", ["update", "delete", "truncate"])
def test_owner_cannot_rewrite_entries(log: Any, change: str) -> None:
    """Not even the owner changes entries or checkpoints; of payloads the owner may delete, and that only."""
    log.fill(1)
    statements = [CHANGES[change].format(table=name) for name in EVIDENCE[:3]]
    expected = ["42501", None if change == "delete" else "42501", "42501"]
    states = try_all(log.owner_url, statements)
    assert [states[0], states[1], states[2]] == expected
    assert try_all(log.owner_url, ["UPDATE audit_payloads_2026 SET event = 'x'"]) == ["42501"]


def test_password_is_needed(log: Any) -> None:
    """The roles are told apart by password: without it there is no way in."""

    async def connect() -> None:
        await asyncpg.connect(log.url, password="wrong")

    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(connect())
