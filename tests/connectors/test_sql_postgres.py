"""The PostgreSQL kind: read-only, one statement per fetch, whole after cancellation and after lost connections."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest

from connectors.contract import NEVER_KEY, RowFilter
from connectors.mapping_reader import read_mapping
from connectors.sql_postgres import PostgresConnector
from schema.errors import ConfigurationError, ErrorCode, SourceError
from schema.ids import CollectionName, SourceKey
from schema.vocabulary import RowScope

T = TypeVar("T")
PERSONS = CollectionName("police.persons")
PERMITS = CollectionName("police.residence_permits")
MAPPING = """\
source: police
collections:
  persons:
    table: gx."v
    key: id
    columns:
      name: xm
      birth_date: csrq
  residence_permits:
    table: slow
    key: id
    current: {latest: qfrq}
    columns:
      number: jzzh
      issued_on: qfrq
"""
TABLES = """
CREATE SCHEMA gx;
CREATE TABLE gx.t (id bigint PRIMARY KEY, xm text, csrq date, secret text);
INSERT INTO gx.t VALUES (1, '张三', '1990-05-12', 'landlord'), (2, '', NULL, 'landlord');
CREATE VIEW gx."""
TABLES += """\"""v" AS SELECT id, xm, csrq FROM gx.t;
CREATE FUNCTION nap() RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT pg_sleep(5)::text $$;
CREATE VIEW slow AS SELECT id, csrq AS qfrq, nap() AS jzzh FROM gx.t;
"""


@dataclass
class Place:
    """A database with one quick and one slow view."""

    url: str
    mapping: Path

    def connector(self, deadline: float = 5.0, connections: int = 4) -> PostgresConnector:
        """A connector that is not open."""
        return PostgresConnector(read_mapping(self.mapping), self.url, deadline, connections)

    def run(self, work: Callable[[PostgresConnector], Awaitable[T]], deadline: float = 5.0) -> T:
        """Open, work, close."""

        async def all_of_it() -> T:
            connector = self.connector(deadline)
            await connector.open()
            try:
                return await work(connector)
            finally:
                await connector.close()

        return asyncio.run(all_of_it())


@pytest.fixture(scope="module")
def database(postgres: Any) -> str:
    """A database with the views."""
    url = str(postgres.create_database())

    async def fill() -> None:
        connection = await asyncpg.connect(url)  # type: ignore[no-untyped-call]
        await connection.execute(TABLES)
        await connection.close()

    asyncio.run(fill())
    return url


@pytest.fixture
def place(database: str, tmp_path: Path) -> Place:
    """The database and a mapping of its own."""
    path = tmp_path / "police.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return Place(database, path)


async def fetch(connector: PostgresConnector) -> Any:
    """One quick fetch."""
    found = await connector.fetch(PERSONS, [SourceKey("1")], ["name"], RowFilter())
    return list(found.rows[0])


def test_numeric_keys(place: Place) -> None:
    """Keys of a bigint column: only their own spelling is found, and nothing breaks on any other."""
    keys = [SourceKey(one) for one in ("1", "01", "x", "9" * 30, "-1", "2")] + [NEVER_KEY]

    async def work(connector: PostgresConnector) -> Any:
        found = await connector.fetch(PERSONS, keys, ["name"], RowFilter())
        return [list(rows) for rows in found.rows]

    assert place.run(work) == [[("张三",)], [], [], [], [], [(None,)], []]


def test_sessions_are_read_only_and_bounded(place: Place) -> None:
    """Every session refuses to write and has the deadline as its statement timeout."""

    async def work(connector: PostgresConnector) -> Any:
        async with connector._pool.acquire() as connection:
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await connection.execute("INSERT INTO gx.t VALUES (3)")
            return await connection.fetchval("SHOW statement_timeout")

    assert place.run(work, deadline=1.5) == "1500ms"


def test_one_statement_per_fetch(place: Place) -> None:
    """A fetch is one statement on the wire: no BEGIN, no reset, no ping."""

    async def work(connector: PostgresConnector) -> list[str]:
        said: list[str] = []
        async with connector._pool.acquire() as connection:
            connection.add_query_logger(lambda query: said.append(query.query))
        for _ in range(3):
            await fetch(connector)
        return said

    said = place.run(work)
    assert len(said) == 3
    assert len(set(said)) == 1
    assert said[0].startswith('SELECT "gx"."""v"."id"')
    assert "secret" not in said[0]
    assert "csrq" not in said[0]


def test_cancelled_statements_end_at_the_server(place: Place) -> None:
    """Cancelling a fetch cancels its statement, and all connections of the pool serve again."""

    async def work(connector: PostgresConnector) -> Any:
        calls = [
            asyncio.create_task(connector.fetch(PERMITS, [SourceKey("1")], ["number"], RowFilter())) for _ in range(4)
        ]
        await asyncio.sleep(0.1)
        for call in calls:
            call.cancel()
        ended = await asyncio.gather(*calls, return_exceptions=True)
        again = await asyncio.wait_for(asyncio.gather(*(fetch(connector) for _ in range(20))), 3)
        return ended, again, connector._pool.get_size(), await _running(place.url)

    ended, again, size, running = place.run(work)
    assert all(isinstance(one, asyncio.CancelledError) for one in ended)
    assert again == [[("张三",)]] * 20
    assert size <= 4
    assert running == 0


async def _running(url: str) -> int:
    connection = await asyncpg.connect(url)  # type: ignore[no-untyped-call]
    others = "state = 'active' AND query LIKE '%slow%' AND pid <> pg_backend_pid()"
    query = f"SELECT count(*) FROM pg_stat_activity WHERE {others}"  # noqa: S608  names of ours
    for _ in range(50):
        if (count := await connection.fetchval(query)) == 0:
            break
        await asyncio.sleep(0.02)
    await connection.close()
    return int(count)


def test_a_slow_source_is_given_up_at_the_deadline(place: Place) -> None:
    """A statement that outlives the deadline is a timeout, and the connector goes on."""

    async def work(connector: PostgresConnector) -> Any:
        with pytest.raises(SourceError) as caught:
            await connector.fetch(PERMITS, [SourceKey("1")], ["number"], RowFilter())
        return caught.value.code, caught.value.timed_out, await fetch(connector)

    assert place.run(work, deadline=0.3) == (ErrorCode.SOURCE_UNAVAILABLE, True, [("张三",)])


def test_lost_connections_are_replaced(place: Place) -> None:
    """When the server drops every connection, one fetch may fail; the next ones are served."""

    async def work(connector: PostgresConnector) -> Any:
        await asyncio.gather(*(fetch(connector) for _ in range(8)))
        other = await asyncpg.connect(place.url)  # type: ignore[no-untyped-call]
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'migrant-data-hub'"
        )
        await other.close()
        results = []
        for _ in range(8):
            try:
                results.append(await fetch(connector))
            except SourceError as error:
                results.append(error.code)
        return results

    results = place.run(work)
    assert results[-1] == [("张三",)]
    assert set(map(str, results)) <= {str([("张三",)]), str(ErrorCode.SOURCE_UNAVAILABLE)}


def test_a_server_that_is_away_is_tried_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening fails while the server is away; later fetches open the connector by themselves."""
    monkeypatch.setattr("connectors.shaped._TRY_EVERY", 0.0)

    async def work() -> Any:
        connector = place.connector()
        right, connector._address = connector._address, "postgresql://127.0.0.1:9/none"
        with pytest.raises(SourceError) as caught:
            await connector.open()
        connector._address = right
        answer: Any = None
        for _ in range(200):
            try:
                answer = await fetch(connector)
                break
            except SourceError:
                await asyncio.sleep(0.01)
        await connector.close()
        return caught.value.code, answer

    assert asyncio.run(work()) == (ErrorCode.SOURCE_UNAVAILABLE, [("张三",)])


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("birth_date: csrq", "birth_date: csrqq", 8, 'table `gx."v` has no column `csrqq`'),
        ("birth_date: csrq", "birth_date: secret", 8, "has no column `secret`"),
        ("latest: qfrq", "latest: qfrq, empty: zx", 10, "table `slow` has no column `zx`"),
        ('table: gx."v', "table: gx.none", 4, "table `gx.none` does not exist"),
        (
            "key: id\n    columns:\n      name",
            "key: csrq\n    columns:\n      name",
            4,
            "neither text nor a whole number",
        ),
    ],
)
def test_mappings_that_do_not_fit_the_live_source(place: Place, old: str, new: str, line: int, message: str) -> None:
    """A missing table or column is found at opening and named with its line."""
    place.mapping.write_text(MAPPING.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        place.run(fetch)
    assert str(caught.value).startswith(f"{place.mapping}:{line}: ")
    assert message in str(caught.value)


def test_the_address_is_not_told(place: Place) -> None:
    """A wrong password does not show, nor does the right one."""
    connector = PostgresConnector(read_mapping(place.mapping), place.url.replace("://", "://canary"), 2.0)

    async def work() -> SourceError:
        with pytest.raises(SourceError) as caught:
            await connector.open()
        await connector.close()
        return caught.value

    error = asyncio.run(work())
    assert error.code is ErrorCode.SOURCE_UNAVAILABLE
    assert "canary" not in str(error)
    assert "canary" not in repr(connector)


def test_the_current_row_is_chosen_at_the_source(place: Place) -> None:
    """`latest` is part of the statement, so that the other rows never leave."""

    async def work(connector: PostgresConnector) -> str:
        shape = connector._shape(PERMITS, ("issued_on",), RowFilter(RowScope.CURRENT))
        assert shape is not None
        return connector._compile(shape)

    assert "row_number() OVER (PARTITION BY" in place.run(work)
