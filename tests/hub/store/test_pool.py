"""The pool: one round trip per statement, nothing left behind, errors that quote nothing."""

import asyncio
from typing import Any

import pytest

from hub.store.pool import open_pool
from schema.errors import StorageError


def test_no_reset_statement(postgres: Any) -> None:
    """Giving a connection back sends nothing to the server: its last statement stays ours."""
    url = postgres.create_database()

    async def run() -> Any:
        async with await open_pool(url, 1) as pool, await open_pool(url, 1) as observer:
            await pool.fetchval("SELECT 7 AS ours")
            return await observer.fetchval(
                "SELECT query FROM pg_stat_activity WHERE application_name = 'hub' AND pid <> pg_backend_pid()"
                " AND datname = current_database()"
            )

    assert asyncio.run(run()) == "SELECT 7 AS ours"


def test_transactions_end(postgres: Any) -> None:
    """A block commits at its end, rolls back when it raises or is cancelled, and gives its connection back clean."""
    url = postgres.create_database()

    async def run() -> Any:
        async with await open_pool(url, 1) as pool:
            await pool.execute("CREATE TABLE t (n int)")
            async with pool.transaction() as connection:
                await connection.execute("INSERT INTO t VALUES (1)")
            with pytest.raises(KeyError):
                await _insert_and_fail(pool)
            task = asyncio.create_task(_insert_and_wait(pool))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await pool.fetchrow("SELECT 1 AS n WHERE false") is None
            return [tuple(row) for row in await pool.fetch("SELECT n FROM t")]

    assert asyncio.run(run()) == [(1,)]


async def _insert_and_fail(pool: Any) -> None:
    async with pool.transaction() as connection:
        await connection.execute("INSERT INTO t VALUES (2)")
        raise KeyError


async def _insert_and_wait(pool: Any) -> None:
    async with pool.transaction() as connection:
        await connection.execute("INSERT INTO t VALUES (3)")
        await connection.execute("SELECT pg_sleep(30)")


def test_errors_quote_nothing(postgres: Any) -> None:
    """A failing statement is a StorageError with the server's code, without SQL, key or value."""
    url = postgres.create_database()

    async def run() -> list[str]:
        messages = []
        async with await open_pool(url, 1, seconds=0.5) as pool:
            await pool.execute("CREATE TABLE t (n text PRIMARY KEY)")
            await pool.execute("INSERT INTO t VALUES ($1)", "canary")
            for statement in ("INSERT INTO t VALUES ('canary')", "SELECT canary FROM t", "SELECT pg_sleep(9)"):
                with pytest.raises(StorageError) as caught:
                    await pool.execute(statement)
                assert caught.value.__cause__ is None
                messages.append(str(caught.value))
        with pytest.raises(StorageError) as caught:
            await pool.fetch("SELECT 1")
        return [*messages, str(caught.value)]

    messages = asyncio.run(run())
    assert not any("canary" in message or "SELECT" in message for message in messages)
    assert "23505" in messages[0]


def test_unreachable(postgres: Any) -> None:
    """A server that is not there, or a wrong password, is a StorageError without the password."""

    async def run(url: str) -> None:
        await open_pool(url, 1, seconds=2)

    for url in (
        "postgresql://hub:hush@127.0.0.1:1/hub",
        f"postgresql://hub_owner:hush@127.0.0.1:{postgres.server.port}/x",
    ):
        with pytest.raises(StorageError) as caught:
            asyncio.run(run(url))
        assert "hush" not in str(caught.value)
