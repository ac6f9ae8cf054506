"""Civil affairs' system: the same tables in a SQLite file or in MariaDB/MySQL.

Base tables `mz_…` hold more than readers see; readers use the views `gx_…`.
"""

import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from hub.city.directory import CITY_CODE, CityDirectory
from hub.city.tables import TABLES
from schema.errors import ConfigurationError

__all__ = ["admit_civil_affairs_reader", "write_civil_affairs_database", "write_civil_affairs_file"]

_BATCH: Final = 5_000
_PROPERTIES: Final = "mz_shuju_shuxing"

_TABLES: Final = {
    "civil-affairs/persons": "renyuan",
    "civil-affairs/marriage_registrations": "hunyin_dengji",
    "civil-affairs/guardianships": "jianhu",
    "civil-affairs/social_assistances": "shehui_jiuzhu",
}
_HIDDEN: Final = frozenset({"lianxi_dianhua"})
_INDEXES: Final = {
    "hunyin_dengji": "renyuan_id",
    "jianhu": "jianhuren_id",
    "shehui_jiuzhu": "renyuan_id",
}


def write_civil_affairs_file(path: Path, city: CityDirectory) -> bool:
    """Write the system as a SQLite file; False when this city is there already.

    The file appears whole: it is written beside its place and renamed.
    """
    if path.exists() and _digest_of(path) == city.digest:
        return False
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(partial)
    try:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        for statement in _create_statements():
            connection.execute(statement)
        for name, table in _TABLES.items():
            marks = ", ".join("?" * len(TABLES[name]))
            connection.executemany(f"INSERT INTO mz_{table} VALUES ({marks})", city.read(name))  # noqa: S608
        connection.executemany(f"INSERT INTO {_PROPERTIES} VALUES (?, ?)", _properties(city))  # noqa: S608
        for statement in _finish_statements():
            connection.execute(statement)
        connection.commit()
    finally:
        connection.close()
    partial.replace(path)
    return True


async def write_civil_affairs_database(url: str, city: CityDirectory) -> bool:
    """Write the system into a MariaDB or MySQL database (SQLAlchemy URL, `mysql+asyncmy://…`).

    False when this city is there already. These databases commit each table as it is made; the city's mark
    comes last, so that an interrupted attempt is repeated. Raises ConfigurationError when the database cannot
    be written.
    """
    engine = create_async_engine(url, pool_size=1)
    try:
        async with engine.begin() as connection:
            if await _database_digest(connection) == city.digest:
                return False
            await _load(connection, city)
    except (OSError, SQLAlchemyError):
        raise ConfigurationError("civil affairs' database cannot be written") from None
    finally:
        await engine.dispose()
    return True


async def admit_civil_affairs_reader(url: str, account: str) -> None:
    """Let a MariaDB or MySQL account read the views `gx_…` and nothing else; `url` is the owner's, who may grant it.

    SHOW VIEW lets the hub's connector compare its mapping with the live columns. Raises ConfigurationError when the
    account or the right to grant is missing.
    """
    if not account.isidentifier():
        raise ConfigurationError("the reader's account name is not a plain name")
    engine = create_async_engine(url, pool_size=1)
    try:
        async with engine.begin() as connection:
            for view in await connection.run_sync(lambda sync: sa.inspect(sync).get_view_names()):
                if view.startswith("gx_"):
                    await connection.execute(sa.text(f"GRANT SELECT, SHOW VIEW ON {view} TO {account}@'%'"))
    except (OSError, SQLAlchemyError):
        raise ConfigurationError("civil affairs' reader cannot be admitted") from None
    finally:
        await engine.dispose()


async def _load(connection: AsyncConnection, city: CityDirectory) -> None:
    await connection.run_sync(_drop_all)
    for statement in _create_statements(end=" DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"):
        await connection.execute(sa.text(statement))
    for name, table in _TABLES.items():
        target = sa.table(f"mz_{table}", *(sa.column(column) for column in TABLES[name]))
        rows = (dict(zip(TABLES[name], cells, strict=True)) for cells in city.read(name))
        while batch := list(islice(rows, _BATCH)):
            await connection.execute(target.insert(), batch)
    for statement in _finish_statements():
        await connection.execute(sa.text(statement))
    properties = sa.table(_PROPERTIES, sa.column("mingcheng"), sa.column("zhi"))
    await connection.execute(properties.insert(), [{"mingcheng": n, "zhi": v} for n, v in _properties(city)])


def _drop_all(connection: sa.Connection) -> None:
    present = sa.inspect(connection)
    for view in present.get_view_names():
        if view.startswith("gx_"):
            connection.execute(sa.text(f"DROP VIEW {view}"))
    for table in present.get_table_names():
        if table.startswith("mz_"):
            connection.execute(sa.text(f"DROP TABLE {table}"))


async def _database_digest(connection: AsyncConnection) -> str | None:
    found = await connection.run_sync(lambda sync: sa.inspect(sync).has_table(_PROPERTIES))
    if not found:
        return None
    query = sa.text(f"SELECT zhi FROM {_PROPERTIES} WHERE mingcheng = 'digest'")  # noqa: S608
    return (await connection.execute(query)).scalar()


def _digest_of(path: Path) -> str | None:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        row = connection.execute(f"SELECT zhi FROM {_PROPERTIES} WHERE mingcheng = 'digest'").fetchone()  # noqa: S608
    except sqlite3.Error:
        return None
    finally:
        connection.close()
    return row[0] if row else None


def _properties(city: CityDirectory) -> list[tuple[str, str]]:
    origin = [("data_origin", "SYNTHETIC"), ("city", CITY_CODE)]
    return [*origin, ("as_of", city.as_of.isoformat()), ("digest", city.digest)]


def _create_statements(end: str = "") -> Iterator[str]:
    for name, table in _TABLES.items():
        columns = ", ".join(_definition(column, first=not place) for place, column in enumerate(TABLES[name]))
        yield f"CREATE TABLE mz_{table} ({columns}){end}"
    yield f"CREATE TABLE {_PROPERTIES} (mingcheng VARCHAR(32) PRIMARY KEY, zhi VARCHAR(128) NOT NULL){end}"


def _definition(column: str, *, first: bool) -> str:
    if not column.endswith("_id"):
        return f"{column} VARCHAR(255)"
    return f"{column} BIGINT{' PRIMARY KEY' if first else ''}"


def _finish_statements() -> Iterator[str]:
    for table, column in _INDEXES.items():
        yield f"CREATE INDEX mz_{table}_key ON mz_{table} ({column})"
    for name, table in _TABLES.items():
        shown = ", ".join(column for column in TABLES[name] if column not in _HIDDEN)
        yield f"CREATE VIEW gx_{table} AS SELECT {shown} FROM mz_{table}"  # noqa: S608
    shown = "mingcheng, zhi"
    yield f"CREATE VIEW gx_shuju_shuxing AS SELECT {shown} FROM {_PROPERTIES} WHERE mingcheng <> 'digest'"  # noqa: S608
