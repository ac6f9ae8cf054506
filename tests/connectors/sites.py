"""The town of `tests.connectors.town` at every kind of source: each site makes connectors over the same rows."""

import asyncio
import csv
import hashlib
import json
import os
import secrets
import socket
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from openpyxl import Workbook  # type: ignore[attr-defined]
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from connectors.contract import Connector
from connectors.credentials import Credentials
from connectors.file import StagingPlace
from connectors.mapping_reader import read_mapping
from connectors.memory import MemoryConnector
from connectors.opening import SourceKind, SourceSpec, create
from schema.vocabulary import Source
from tests.connectors.services import SECRET, TOKEN, Misbehaviour, Stored, graphql_app, http_app, serve
from tests.connectors.town import TABLES, Table, raw_value, write_mapping

__all__ = ["KINDS", "MARIADB", "Site", "build_site", "mariadb_is_required", "mariadb_is_there", "write_delivery"]

KINDS = ("memory", "sql_postgres", "sqlite", "mariadb", "file", "http", "graphql")
MARIADB = "mysql+asyncmy://root@127.0.0.1:3306/test"
Physical = Mapping[str, str]


@dataclass
class Site:
    """One kind over the town. `make(source)` gives a connector that is not open yet."""

    kind: str
    make: Callable[[Source], Connector]
    specs: Mapping[Source, SourceSpec] = field(default_factory=dict)
    how: Misbehaviour = field(default_factory=Misbehaviour)


def mariadb_is_there() -> bool:
    """Whether a server listens where the tests look for one."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", 3306)) == 0


def mariadb_is_required() -> bool:
    """Whether a missing server is a failure."""
    return os.environ.get("HUB_REQUIRE_SERVICES") == "1"


@contextmanager
def build_site(kind: str, folder: Path, postgres: Callable[[], str]) -> Iterator[Site]:
    """Build the town as one kind of source keeps it, and take it down afterwards."""
    with ExitStack() as stack:
        if kind == "memory":
            yield _memory(folder)
        elif kind == "sql_postgres":
            yield _postgres(folder, postgres())
        elif kind == "sqlite":
            yield _sqlite(folder)
        elif kind == "mariadb":
            yield stack.enter_context(_mariadb(folder))
        elif kind == "file":
            yield _file(folder)
        else:
            yield stack.enter_context(_service(kind, folder))


def _names(form: str) -> Physical:
    columns = {"key"} | {name for table in TABLES for name in table.columns}
    return {name: form.format(name) for name in columns}


def _sources() -> list[Source]:
    return list(dict.fromkeys(table.source for table in TABLES))


def _site(kind: str, specs: Mapping[Source, SourceSpec]) -> Site:
    return Site(kind, lambda source: create(specs[source]), specs)


def _table_site(prefix: str, about: str) -> Mapping[str, Any]:
    marks = {"table": about, "name": "名", "value": "值", "origin": "data_origin"}
    return {"place": lambda table: {"table": f"{prefix}{table.short}"}, "extra": {"about": marks}, "ordered": True}


def _memory(folder: Path) -> Site:
    site = {"place": lambda table: {"table": table.short}, "extra": {}, "ordered": True}
    paths = {source: write_mapping(folder, source, site, _names("{}")) for source in _sources()}

    def make(source: Source) -> Connector:
        records = {table.name: table.rows for table in TABLES if table.source is source}
        return MemoryConnector(read_mapping(paths[source]), records)

    return Site("memory", make)


def _sql_rows(table: Table) -> list[tuple[Any, ...]]:
    """Rows of all persons, shuffled, as SQL tables hold them."""
    rows = [
        (one, *(raw_value(table, name, row[name]) for name in table.columns))
        for one, held in table.rows.items()
        for row in held
    ]
    return rows[1::2] + rows[0::2]


def _postgres(folder: Path, url: str) -> Site:
    names = _names('列 "{}"')
    site = _table_site("town.", "town.marks")
    specs = {
        source: SourceSpec(source, SourceKind.SQL_POSTGRES, write_mapping(folder, source, site, names), url)
        for source in _sources()
    }
    asyncio.run(_fill_postgres(url, names))
    return _site("sql_postgres", specs)


async def _fill_postgres(url: str, names: Physical) -> None:
    connection = await asyncpg.connect(url)  # type: ignore[no-untyped-call]
    await connection.execute("CREATE SCHEMA town; CREATE TABLE town.marks (名 text, 值 text)")
    await connection.execute("INSERT INTO town.marks VALUES ('data_origin', 'SYNTHETIC')")
    for table in TABLES:
        columns = ", ".join(f"{_quote(names[name])} {_type(name)}" for name in ["key", *table.columns])
        await connection.execute(f"CREATE TABLE town.{table.short} ({columns})")
        await connection.copy_records_to_table(table.short, records=_sql_rows(table), schema_name="town")
    await connection.close()


def _type(name: str) -> str:
    return "integer" if name == "months_paid" else "char(40)" if name == "hukou_county" else "text"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sqlite(folder: Path) -> Site:
    names = _names('列 "{}"')
    path = folder / "town.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE marks (名 TEXT, 值 TEXT)")
    connection.execute("INSERT INTO marks VALUES ('data_origin', 'SYNTHETIC')")
    for table in TABLES:
        columns = ", ".join(f"{_quote(names[name])} TEXT" for name in ["key", *table.columns])
        connection.execute(f"CREATE TABLE {table.short} ({columns})")
        marks = ", ".join("?" * (len(table.columns) + 1))
        connection.executemany(f"INSERT INTO {table.short} VALUES ({marks})", _sql_rows(table))  # noqa: S608  names of this file
    connection.commit()
    connection.close()
    site, address = _table_site("", "marks"), f"sqlite+aiosqlite:///{path}"
    specs = {
        source: SourceSpec(source, SourceKind.SQL, write_mapping(folder, source, site, names), address)
        for source in _sources()
    }
    return _site("sqlite", specs)


@contextmanager
def _mariadb(folder: Path) -> Iterator[Site]:
    if not mariadb_is_there():
        if mariadb_is_required():
            pytest.fail("HUB_REQUIRE_SERVICES=1, but no MariaDB listens at 127.0.0.1:3306")
        pytest.skip("no MariaDB at 127.0.0.1:3306")
    prefix, names = f"town_{secrets.token_hex(4)}_", _names('列 "{}"')
    site = _table_site(prefix, f"{prefix}marks")
    specs = {
        source: SourceSpec(source, SourceKind.SQL, write_mapping(folder, source, site, names), MARIADB)
        for source in _sources()
    }
    asyncio.run(_fill_mariadb(prefix, names))
    try:
        yield _site("mariadb", specs)
    finally:
        tables = [f"{prefix}{table.short}" for table in TABLES] + [f"{prefix}marks"]
        asyncio.run(_run_mariadb([f"DROP TABLE IF EXISTS {table}" for table in tables]))


async def _fill_mariadb(prefix: str, names: Physical) -> None:
    await _run_mariadb(
        [
            f"CREATE TABLE {prefix}marks (名 VARCHAR(40), 值 VARCHAR(40)) CHARACTER SET utf8mb4",
            f"INSERT INTO {prefix}marks VALUES ('data_origin', 'SYNTHETIC')",  # noqa: S608  names of this file
        ]
    )
    engine = create_async_engine(MARIADB, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for table in TABLES:
            columns = ", ".join(
                f"`{names[name].replace('`', '``')}` {'INT' if name == 'months_paid' else 'VARCHAR(100)'}"
                for name in ["key", *table.columns]
            )
            await connection.execute(text(f"CREATE TABLE {prefix}{table.short} ({columns}) CHARACTER SET utf8mb4"))
            marks = ", ".join(f":c{index}" for index in range(len(table.columns) + 1))
            rows = [{f"c{index}": value for index, value in enumerate(row)} for row in _sql_rows(table)]
            await connection.execute(text(f"INSERT INTO {prefix}{table.short} VALUES ({marks})"), rows)  # noqa: S608
    await engine.dispose()


async def _run_mariadb(statements: Sequence[str]) -> None:
    engine = create_async_engine(MARIADB, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


def _file(folder: Path) -> Site:
    names = _names("列,{}")
    extra = {
        "about": {"file": "delivery.json", "origin": "dataOrigin", "as_of": "deliveredAt"},
        "encoding": "gb18030",
    }
    site = {"place": _file_place, "extra": extra, "ordered": True}
    specs = {}
    for source in _sources():
        inbox = folder / f"inbox-{source}"
        inbox.mkdir()
        write_delivery(inbox, [table for table in TABLES if table.source is source], names)
        mapping = write_mapping(folder, source, site, names)
        staging = StagingPlace(folder / "staging", bytes(range(32)))
        specs[source] = SourceSpec(source, SourceKind.FILE, mapping, str(inbox), staging=staging)
    return _site("file", specs)


def _file_place(table: Table) -> Mapping[str, str]:
    if table.short == "socialinsurances":
        return {"file": f"{table.short}*.xlsx", "sheet": "参保"}
    return {"file": f"{table.short}*.csv"}


def write_delivery(
    inbox: Path, tables: Sequence[Table], names: Physical, delivered: str = "2026-11-01T02:00:00Z"
) -> None:
    """Write the files of these tables and, last, the manifest."""
    files = []
    for table in tables:
        rows = _sql_rows(table)
        header = [names["key"], *(names[name] for name in table.columns)]
        path = inbox / (_file_place(table)["file"].replace("*", "_1"))
        if path.suffix == ".csv":
            with path.open("w", encoding="gb18030", newline="") as stream:
                csv.writer(stream).writerows([header, *rows])
        else:
            book: Any = Workbook()  # type: ignore[no-untyped-call]
            sheet = book.create_sheet("参保")
            for row in [header, *rows]:
                sheet.append(row)
            book.save(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        files.append({"name": path.name, "rows": len(rows), "sha256": digest})
    manifest = {"dataOrigin": "SYNTHETIC", "deliveredAt": delivered, "files": files}
    (inbox / "delivery.new").write_text(json.dumps(manifest))
    (inbox / "delivery.new").replace(inbox / "delivery.json")


@contextmanager
def _service(kind: str, folder: Path) -> Iterator[Site]:
    names, how = {**_names("x_{}"), "key": "key"}, Misbehaviour()
    stored: Stored = {
        table.short: {
            one: [{names[name]: raw_value(table, name, row[name]) for name in table.columns} for row in rows]
            for one, rows in table.rows.items()
        }
        for table in TABLES
    }
    fields = {table.short: [names[name] for name in table.columns] for table in TABLES}
    if kind == "http":
        app, path, extra = http_app(stored, fields, how), "", _HTTP
        credentials = Credentials(client_id="hub", client_secret=SECRET)
    else:
        app, path, extra = graphql_app(stored, fields, how), "/graphql", _GRAPHQL
        credentials = Credentials(token=TOKEN)
    with serve(app) as address:
        specs = {}
        for source in _sources():
            site = {"place": _endpoint if kind == "http" else _type_place, "extra": extra, "ordered": False}
            mapping = write_mapping(folder, source, site, names)
            specs[source] = SourceSpec(source, SourceKind(kind), mapping, address + path, credentials)
        yield Site(kind, lambda source: create(specs[source]), specs, how)


_HTTP = {
    "about": {"endpoint": "/about", "origin": "dataOrigin"},
    "service": {"token": "/token", "batch": "/v1/{name}/batch", "page": "/v1/{name}", "keys": "numbers", "most": 600},
}
_GRAPHQL = {
    "about": {"field": "about", "origin": "dataOrigin", "as_of": "asOf"},
    "service": {"pages": "all{name}", "most": 600},
}


def _endpoint(table: Table) -> Mapping[str, str]:
    return {"endpoint": table.short}


def _type_place(table: Table) -> Mapping[str, str]:
    return {"type": table.short} if table.name.endswith(".persons") else {"type": table.short, "records": "rows"}
