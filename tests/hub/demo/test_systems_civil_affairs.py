"""Civil affairs' system in SQLite and MariaDB."""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from hub.city.directory import CityDirectory
from hub.demo.systems.civil_affairs import (
    admit_civil_affairs_reader,
    write_civil_affairs_database,
    write_civil_affairs_file,
)
from schema.errors import ConfigurationError
from tests.hub.demo.mariadb import MariaDatabase, is_installed

_VIEWS = {
    "gx_renyuan": "persons",
    "gx_hunyin_dengji": "marriage_registrations",
    "gx_jianhu": "guardianships",
    "gx_shehui_jiuzhu": "social_assistances",
}


@pytest.fixture(scope="module")
def maria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDatabase]:
    """A MariaDB server, where one is installed."""
    if not is_installed():
        if os.environ.get("HUB_REQUIRE_SERVICES") == "1":
            pytest.fail("HUB_REQUIRE_SERVICES=1, but MariaDB is not installed")
        pytest.skip("MariaDB is not installed here")
    with MariaDatabase(tmp_path_factory.mktemp("maria")) as database:
        yield database


def _file_rows(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def _maria_rows(url: str, query: str) -> list[Any]:
    async def run() -> list[Any]:
        engine = create_async_engine(url)
        try:
            async with engine.connect() as connection:
                return [tuple(row) for row in await connection.execute(sa.text(query))]
        finally:
            await engine.dispose()

    return asyncio.run(run())


def test_file_holds_the_city(tmp_path: Path, small_city: CityDirectory) -> None:
    """Every row arrived, and the file says that it is synthetic."""
    path = tmp_path / "civil.sqlite"
    assert write_civil_affairs_file(path, small_city) is True
    for view, table in _VIEWS.items():
        count = small_city.rows[f"civil-affairs/{table}"]
        assert _file_rows(path, f"SELECT count(*) FROM {view}") == [(count,)]  # noqa: S608
    assert ("data_origin", "SYNTHETIC") in _file_rows(path, "SELECT * FROM gx_shuju_shuxing")
    assert write_civil_affairs_file(path, small_city) is False


def test_views_show_less_than_the_tables(tmp_path: Path, small_city: CityDirectory) -> None:
    """Telephone numbers stay inside."""
    path = tmp_path / "civil.sqlite"
    write_civil_affairs_file(path, small_city)
    columns = {row[1] for row in _file_rows(path, "PRAGMA table_info(gx_renyuan)")}
    assert "xingming" in columns
    assert "lianxi_dianhua" not in columns


def test_both_spouses_and_both_guardians_are_there(tmp_path: Path, small_city: CityDirectory) -> None:
    """A spouse's key leads to a person here whose row leads back; a child has at most two guardians."""
    path = tmp_path / "civil.sqlite"
    write_civil_affairs_file(path, small_city)
    query = "SELECT renyuan_id, peiou_renyuan_id FROM gx_hunyin_dengji WHERE peiou_renyuan_id IS NOT NULL"
    pairs = set(_file_rows(path, query))
    assert len(pairs) > 50
    assert all((other, one) in pairs for one, other in pairs)
    guardians = _file_rows(path, "SELECT beijianhuren_id, count(*) FROM gx_jianhu GROUP BY 1")
    assert {count for _, count in guardians} == {1, 2}


def test_maria_database_holds_the_same_rows(tmp_path: Path, small_city: CityDirectory, maria: MariaDatabase) -> None:
    """The views of both databases are equal row by row."""
    path = tmp_path / "civil.sqlite"
    write_civil_affairs_file(path, small_city)
    assert asyncio.run(write_civil_affairs_database(maria.url, small_city)) is True
    for view in (*_VIEWS, "gx_shuju_shuxing"):
        query = f"SELECT * FROM {view} ORDER BY 1"  # noqa: S608
        assert _maria_rows(maria.url, query) == _file_rows(path, query)
    assert asyncio.run(write_civil_affairs_database(maria.url, small_city)) is False


def test_maria_reader_sees_the_views_only(small_city: CityDirectory, maria: MariaDatabase) -> None:
    """The hub's account may read what the views show; the tables behind them, and writing, are refused."""
    asyncio.run(write_civil_affairs_database(maria.url, small_city))
    asyncio.run(admit_civil_affairs_reader(maria.url, "hub_reader"))
    assert _maria_rows(maria.reader_url, "SELECT count(*) FROM gx_renyuan")[0][0] > 0
    assert _maria_rows(maria.reader_url, "SHOW CREATE TABLE gx_renyuan")
    for refused in ("SELECT * FROM mz_renyuan", "DELETE FROM gx_renyuan"):
        with pytest.raises(sa.exc.DBAPIError):
            _maria_rows(maria.reader_url, refused)


def test_unreachable_database_is_one_clear_error(small_city: CityDirectory) -> None:
    """The error names neither address nor password."""
    with pytest.raises(ConfigurationError) as caught:
        asyncio.run(write_civil_affairs_database("mysql+asyncmy://u:hush@127.0.0.1:1/x", small_city))
    assert "hush" not in str(caught.value)
