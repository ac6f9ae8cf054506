"""The SQLAlchemy kind: read-only on SQLite and MariaDB, one statement per fetch."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from connectors.contract import RowFilter
from connectors.sql import SqlConnector
from schema.errors import ConfigurationError
from schema.vocabulary import Source
from tests.connectors.sites import build_site
from tests.connectors.town import PERSONS, key


def work_with(kind: str, folder: Path, work: Any) -> Any:
    """Open a connector of this kind, work with its engine, close it."""
    with build_site(kind, folder, lambda: "") as site:

        async def all_of_it() -> Any:
            connector = site.make(Source.POLICE)
            assert isinstance(connector, SqlConnector)
            await connector.open()
            try:
                return await work(connector)
            finally:
                await connector.close()

        return asyncio.run(all_of_it())


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_sessions_are_read_only(kind: str, tmp_path: Path) -> None:
    """No session of the connector can write."""

    async def work(connector: SqlConnector) -> None:
        assert connector._engine is not None
        table = connector.mapping.collections[PERSONS.name].location.name
        async with connector._engine.connect() as connection:
            with pytest.raises(DBAPIError):
                await connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608  a name of ours

    work_with(kind, tmp_path, work)


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_one_statement_per_fetch(kind: str, tmp_path: Path) -> None:
    """A fetch is one statement for all keys."""

    async def work(connector: SqlConnector) -> list[str]:
        assert connector._engine is not None
        said: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            said.append(statement)

        event.listen(connector._engine.sync_engine, "before_cursor_execute", note)
        for _ in range(2):
            await connector.fetch(PERSONS.name, [key(1), key(2), key(3)], ["name"], RowFilter())
        return said

    said = work_with(kind, tmp_path, work)
    assert len(said) == 2
    assert "sex" not in said[0]


def test_statements_are_not_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the program logs at, statements and keys are not logged."""

    async def work(connector: SqlConnector) -> None:
        await connector.fetch(PERSONS.name, [key(1)], ["name"], RowFilter())

    with caplog.at_level(logging.DEBUG):
        work_with("sqlite", tmp_path, work)
    assert "SELECT" not in caplog.text
    assert key(1) not in caplog.text


def test_a_missing_table_is_named_with_its_line(tmp_path: Path) -> None:
    """A table or column that is not there is found at opening."""
    for old, new, message in [
        ('"table": "persons"', '"table": "people"', "table `people` does not exist"),
        ('"列 \\"sex\\""', '"列 \\"gender\\""', "has no column"),
    ]:
        folder = tmp_path / new.strip('"').replace(" ", "").replace('"', "").replace("\\", "").replace(":", "")
        folder.mkdir()
        with build_site("sqlite", folder, lambda: "") as site:
            path = site.specs[Source.POLICE].mapping
            before = path.read_text(encoding="utf-8")
            assert old in before
            path.write_text(before.replace(old, new), encoding="utf-8")
            with pytest.raises(ConfigurationError, match=r"police\.yaml:\d+: ") as caught:
                asyncio.run(site.make(Source.POLICE).open())
            assert message in str(caught.value)
