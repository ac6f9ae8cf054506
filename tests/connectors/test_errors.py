"""Drivers' errors become ours, and say nothing of what the drivers say."""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import sqlalchemy.exc

from connectors.errors import RubbishError, UnavailableError, translate
from connectors.mapping_reader import read_mapping
from connectors.opening import SourceKind, SourceSpec, create
from schema.errors import ConfigurationError, ErrorCode, SourceError
from schema.vocabulary import Source
from tests.connectors.canaries import CANARY, CANARY_KEY, ask, assert_silent
from tests.connectors.sites import Site, build_site
from tests.connectors.town import PERSONS


@pytest.fixture(autouse=True)
def loud_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Everything is logged that anybody wants to log."""
    with caplog.at_level(logging.DEBUG):
        yield


_COLUMNS = ["birth_date", "sex", "document_kind", "id_number", "hukou_county", "residence_division", "ethnicity"]


def _mapping(folder: Path, table: str) -> Path:
    """Persons as they are, in one table."""
    persons = {"table": table, "key": "key", "columns": {name: name for name in ["name", *_COLUMNS]}}
    path = folder / "police.yaml"
    path.write_text(json.dumps({"source": "police", "collections": {"persons": persons}}), encoding="utf-8")
    return path


def test_postgres_quotes_nothing(postgres: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A view that fails on a value names the value in its error; ours does not."""
    url = postgres.create_database()

    async def work() -> SourceError:
        connection = await asyncpg.connect(url)  # type: ignore[no-untyped-call]
        rest = ", ".join(f"NULL::text AS {name}" for name in _COLUMNS)
        await connection.execute("CREATE TABLE people (key text, name text)")
        await connection.execute("INSERT INTO people VALUES ($1, $2)", CANARY_KEY, CANARY)
        view = f"SELECT key, name::date::text AS name, {rest} FROM people"  # noqa: S608  names of this file
        await connection.execute(f"CREATE VIEW broken AS {view}")
        await connection.close()
        connector = create(SourceSpec(Source.POLICE, SourceKind.SQL_POSTGRES, _mapping(tmp_path, "broken"), url))
        await connector.open()
        error = await ask(connector)
        await connector.close()
        return error

    error = asyncio.run(work())
    assert_silent(error, caplog)
    assert error.code is ErrorCode.SOURCE_QUALITY
    assert str(error).startswith("police: police.persons: ")


def test_sqlite_quotes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A table that vanished is an answer that cannot be understood, without statement or parameters."""
    path = tmp_path / "people.sqlite"
    columns = ", ".join(["key", "name", *_COLUMNS])
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE people ({columns})")
    connection.close()
    address = f"sqlite+aiosqlite:///{path}"

    async def work() -> SourceError:
        connector = create(SourceSpec(Source.POLICE, SourceKind.SQL, _mapping(tmp_path, "people"), address))
        await connector.open()
        other = sqlite3.connect(path)
        other.execute("DROP TABLE people")
        other.close()
        error = await ask(connector)
        await connector.close()
        return error

    error = asyncio.run(work())
    assert_silent(error, caplog)
    assert error.code is ErrorCode.SOURCE_QUALITY


def test_mariadb_quotes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A table that vanished is an answer that cannot be understood, without statement or parameters."""
    with build_site("mariadb", tmp_path, lambda: "") as site:
        connector = site.make(Source.POLICE)

        async def work() -> SourceError:
            from sqlalchemy import text
            from sqlalchemy.ext.asyncio import create_async_engine

            await connector.open()
            table = read_mapping(site.specs[Source.POLICE].mapping).collections[PERSONS.name].location.name
            engine = create_async_engine(site.specs[Source.POLICE].address, isolation_level="AUTOCOMMIT")
            async with engine.connect() as other:
                await other.execute(text(f"DROP TABLE {table}"))
            await engine.dispose()
            error = await ask(connector)
            await connector.close()
            return error

        error = asyncio.run(work())
    assert_silent(error, caplog)
    assert error.code is ErrorCode.SOURCE_QUALITY


@pytest.mark.parametrize("kind", ["http", "graphql"])
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((500, f'{{"error": "no row {CANARY}"}}'), ErrorCode.SOURCE_UNAVAILABLE),
        ((400, f'{{"error": "bad key {CANARY_KEY}"}}'), ErrorCode.SOURCE_QUALITY),
        ((302, f'{{"error": "{CANARY}"}}'), ErrorCode.SOURCE_UNAVAILABLE),
        ((200, f"not JSON {CANARY}"), ErrorCode.SOURCE_QUALITY),
        ((200, f'["{CANARY}"]'), ErrorCode.SOURCE_QUALITY),
        ((200, f'{{"items": "{CANARY}", "data": "{CANARY}"}}'), ErrorCode.SOURCE_QUALITY),
        ((200, f'{{"items": [], "data": {{"_entities": []}}, "x": "{CANARY}"}}'), ErrorCode.SOURCE_QUALITY),
        ((200, f'{{"errors": [{{"message": "no {CANARY}"}}], "data": null}}'), ErrorCode.SOURCE_QUALITY),
    ],
)
def test_services_quote_nothing(
    kind: str, answer: tuple[int, str], code: ErrorCode, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a service answers, the error says only that it was no use."""
    from starlette.responses import Response

    with build_site(kind, tmp_path, lambda: "") as site:
        status, body = answer
        error = asyncio.run(_misbehaved(site, lambda: Response(body, status, {"Location": "http://127.0.0.1:9/"})))
    assert_silent(error, caplog)
    assert error.code is code


async def _misbehaved(site: Site, answer: Any) -> SourceError:
    connector = site.make(Source.POLICE)
    await connector.open()
    site.how.answer = answer
    try:
        return await ask(connector)
    finally:
        site.how.answer = None
        await connector.close()


def test_staging_quotes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A store that went bad under us is unavailable, without a statement."""
    with build_site("file", tmp_path, lambda: "") as site:

        async def work() -> SourceError:
            connector = site.make(Source.POLICE)
            await connector.open()
            store = tmp_path / "staging" / "police.staging"
            with store.open("r+b") as file:
                file.write(b"\x00" * store.stat().st_size)
            error = await ask(connector)
            await connector.close()
            return error

        error = asyncio.run(work())
    assert_silent(error, caplog)
    assert error.code is ErrorCode.SOURCE_UNAVAILABLE


@pytest.mark.parametrize(
    ("raised", "code", "timed_out"),
    [
        (TimeoutError(CANARY), ErrorCode.SOURCE_UNAVAILABLE, True),
        (asyncpg.QueryCanceledError(CANARY), ErrorCode.SOURCE_UNAVAILABLE, True),
        (httpx.ReadTimeout(CANARY), ErrorCode.SOURCE_UNAVAILABLE, True),
        (asyncpg.ConnectionDoesNotExistError(CANARY), ErrorCode.SOURCE_UNAVAILABLE, False),
        (asyncpg.InsufficientPrivilegeError(CANARY), ErrorCode.SOURCE_UNAVAILABLE, False),
        (ConnectionResetError(CANARY), ErrorCode.SOURCE_UNAVAILABLE, False),
        (httpx.ConnectError(CANARY), ErrorCode.SOURCE_UNAVAILABLE, False),
        (sqlalchemy.exc.InterfaceError("SELECT", {}, Exception(CANARY)), ErrorCode.SOURCE_UNAVAILABLE, False),
        (UnavailableError("not open"), ErrorCode.SOURCE_UNAVAILABLE, False),
        (asyncpg.UndefinedColumnError(CANARY), ErrorCode.SOURCE_QUALITY, False),
        (UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, "x"), ErrorCode.SOURCE_QUALITY, False),
        (RubbishError("odd"), ErrorCode.SOURCE_QUALITY, False),
        (KeyError(CANARY), ErrorCode.SOURCE_QUALITY, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_error_has_a_code(
    raised: Exception, code: ErrorCode, timed_out: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Refused, dropped and late is unavailable; what cannot be understood is of bad quality."""
    error = translate(raised, Source.POLICE, "police.persons")
    assert isinstance(error, SourceError)
    assert (error.code, error.timed_out) == (code, timed_out)
    assert_silent(error, caplog)


def test_our_own_errors_pass() -> None:
    """What is said in our own words already is passed on."""
    error = ConfigurationError("police.yaml:3: no such table")
    assert translate(error, Source.POLICE, "open") is error
