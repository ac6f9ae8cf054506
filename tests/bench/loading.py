"""The city's rows in PostgreSQL: police as in the demo, the other four as plain tables in the API's names and codes.

Values are converted once, here, with the demo's own mapping files and converters; what a program then reads needs no
translation. Every table has an index on the key that covers its columns, as docs/city.md describes police's.
"""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any, Final, TypeVar

from connectors.mapping import CollectionMapping
from connectors.mapping_reader import read_mapping
from connectors.opening import mapping_path
from connectors.values import LiveType, converter_for
from hub.city.directory import CITY_CODE, CityDirectory
from hub.city.tables import TABLES
from schema.fields import ColumnType
from schema.vocabulary import Source
from tests.bench.databases import connected

__all__ = ["SOURCES", "bench_mapping", "load_source"]

SOURCES: Final = tuple(source for source in Source if source is not Source.POLICE)
"""The sources that get plain tables."""

_Row = TypeVar("_Row")
_CHUNK: Final = 5_000
_TABLES: Final = {"health/persons": "health/patients"}
_TYPES: Final = {
    ColumnType.DATE: "date",
    ColumnType.INTEGER: "integer",
    ColumnType.DECIMAL: "numeric",
    ColumnType.BOOLEAN: "boolean",
}


def bench_mapping(source: Source) -> Path:
    """The mapping file of a source in the bench."""
    if source is Source.POLICE:
        return mapping_path(CITY_CODE, source)
    return Path(__file__).parent / "mappings" / f"{source}.yaml"


async def load_source(owner_url: str, city: CityDirectory, source: Source, reader: str) -> None:
    """Write one source's tables into an empty database, and let `reader` read them."""
    wanted, given = read_mapping(bench_mapping(source)), read_mapping(mapping_path(CITY_CODE, source))
    async with connected(owner_url) as connection:
        await connection.execute("CREATE TABLE about (name text PRIMARY KEY, value text NOT NULL)")
        await connection.execute("INSERT INTO about VALUES ('data_origin', 'SYNTHETIC')")
        for name, collection in wanted.collections.items():
            await _load_table(connection, city, collection, given.collections[name])
        await connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}")


async def _load_table(
    connection: Any, city: CityDirectory, wanted: CollectionMapping, given: CollectionMapping
) -> None:
    table, columns = wanted.location.name, tuple(wanted.columns)
    typed = ", ".join(f"{name} {_TYPES.get(wanted.columns[name].info.column_type, 'text')}" for name in columns)
    await connection.execute(f"CREATE TABLE {table} (source_key text NOT NULL, row_number bigint NOT NULL, {typed})")
    records = _records(city, wanted, given)
    for chunk in _chunks(records):
        names = ("source_key", "row_number", *columns)
        await connection.copy_records_to_table(table, records=chunk, columns=names)
        await asyncio.sleep(0)
    covered = ", ".join(("row_number", *columns))
    await connection.execute(f"CREATE INDEX ON {table} (source_key) INCLUDE ({covered})")
    await connection.execute(f"VACUUM ANALYZE {table}")


def _records(city: CityDirectory, wanted: CollectionMapping, given: CollectionMapping) -> Iterator[tuple[object, ...]]:
    """(key, row number, values in the order of the wanted columns)."""
    department, _, collection = wanted.name.partition(".")
    place = f"{department.replace('_', '-')}/{collection}"
    table = _TABLES.get(place, place)
    header = list(TABLES[table])
    key = header.index(given.key)
    outputs = []
    for name in wanted.columns:
        column = given.columns[name]
        converter = converter_for(column, LiveType.UNKNOWN, lambda _problem: None)
        outputs.append((header.index(column.origin or ""), converter))
    numbers = count(1)
    for rows in _chunks(city.read(table)):
        cells = list(zip(*rows, strict=True))
        values = [list(convert(cells[index])) for index, convert in outputs]
        yield from zip(cells[key], numbers, *values, strict=False)


def _chunks(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk
