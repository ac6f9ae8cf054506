"""PostgreSQL through asyncpg: one prepared statement per shape, no query but the one asked for.

The hot path of the hub. Connections go back to the pool without a reset query (they hold no state), every session
is read-only, and the server ends a statement that outlives the deadline.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from weakref import WeakKeyDictionary

import asyncpg
from sqlalchemy import ColumnElement, Select, literal_column
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from connectors.errors import UnavailableError
from connectors.mapping import CollectionMapping, Place, SourceMapping
from connectors.shaped import RawPage, ShapedConnector
from connectors.shapes import Raw, Shape
from connectors.statements import batch, key_page, source_table
from connectors.values import LiveType

__all__ = ["PostgresConnector"]

_COLUMNS: Final = """
SELECT attname, atttypid::regtype::text FROM pg_catalog.pg_attribute
WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
"""
_DIALECT: Final[Any] = dialect()  # type: ignore[no-untyped-call]
_ASYNCPG: Final[Any] = asyncpg  # no types of its own
_TYPES: Final[Mapping[str, LiveType]] = {
    "text": LiveType.TEXT,
    "character varying": LiveType.TEXT,
    "character": LiveType.PADDED,
    "date": LiveType.DATE,
    "smallint": LiveType.INTEGER,
    "integer": LiveType.INTEGER,
    "bigint": LiveType.INTEGER,
    "numeric": LiveType.NUMERIC,
    "boolean": LiveType.BOOLEAN,
}


class PostgresConnector(ShapedConnector):
    """One PostgreSQL database. `address` is a `postgresql://` URL; `connections` bounds the pool."""

    place = Place.TABLE

    def __init__(self, mapping: SourceMapping, address: str, deadline: float, connections: int = 8) -> None:
        super().__init__(mapping, deadline)
        self._address = address
        self._connections = connections
        self._pool: Any = None
        self._texts: WeakKeyDictionary[Shape, str] = WeakKeyDictionary()

    async def _open(self) -> None:
        if self._pool is not None:
            return
        pool = await _ASYNCPG.create_pool(
            self._address,
            min_size=1,
            max_size=self._connections,
            max_queries=10_000_000,
            init=_learn_types,
            reset=_keep,
            timeout=self._deadline,
            statement_cache_size=1024,
            server_settings=self._settings(),
        )
        try:
            async with pool.acquire() as connection:
                for collection in self.mapping.collections.values():
                    await self._inspect(connection, collection)
                self.synthetic = await self._is_synthetic(connection)
        except BaseException:
            pool.terminate()
            raise
        self._pool = pool

    def _settings(self) -> Mapping[str, str]:
        return {
            "application_name": "migrant-data-hub",
            "default_transaction_read_only": "on",
            "statement_timeout": str(int(self._deadline * 1000)),
            "plan_cache_mode": "force_generic_plan",
            "jit": "off",
        }

    async def _close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()

    async def _read(self, shape: Shape, sent: Sequence[str] | Sequence[int]) -> tuple[Raw, datetime | None]:
        text = self._texts.get(shape)
        if text is None:
            text = self._texts[shape] = self._compile(shape)
        async with self._open_pool().acquire() as connection:
            rows: Raw = await connection.fetch(text, sent)
            return rows, None

    async def _read_page(self, shape: Shape, after: str | None, limit: int) -> RawPage:
        numeric = shape.codec.numeric
        start: ColumnElement[Any] | None = None if after is None else literal_column("$2::bigint" if numeric else "$2")
        text = _text(key_page(shape.collection, start, literal_column("$1")))
        cursor: list[str | int] = [] if after is None else [int(after) if numeric else after]
        async with self._open_pool().acquire() as connection:
            found = await connection.fetch(text, limit, *cursor)
        keys = [row[0] for row in found]
        raw, _ = await self._read(shape, keys) if keys else ((), None)
        return RawPage([str(key) for key in keys], raw, str(keys[-1]) if len(keys) == limit else None)

    def _open_pool(self) -> Any:
        if self._pool is None:
            raise UnavailableError("the connector is not open")
        return self._pool

    def _compile(self, shape: Shape) -> str:
        keys: ColumnElement[Any] = literal_column("ANY($1::bigint[])" if shape.codec.numeric else "ANY($1)")

        def member(key: ColumnElement[Any]) -> ColumnElement[bool]:
            return key.op("=", is_comparison=True)(keys)

        return _text(batch(shape, self._live[shape.collection.name], member))

    async def _inspect(self, connection: Any, collection: CollectionMapping) -> None:
        table = source_table(collection.location.name, ())
        name = _DIALECT.identifier_preparer.format_table(table)
        found = await connection.fetch(_COLUMNS, name)
        types = {row[0]: _TYPES.get(row[1], LiveType.UNKNOWN) for row in found}
        self._admit(collection, types or None)

    async def _is_synthetic(self, connection: Any) -> bool:
        about = self.mapping.about
        if about is None:
            return False
        marks = source_table(about.place, (about.name, about.value))
        wanted = marks.select().with_only_columns(marks.c[about.value])
        text = _text(wanted.where(marks.c[about.name] == literal_column("$1")))
        return bool(await connection.fetchval(text, about.origin) == "SYNTHETIC")


async def _learn_types(connection: Any) -> None:
    """asyncpg looks up array types when it first meets them: better now than in somebody's first fetch."""
    await connection.fetchval("SELECT $1::text[] IS NULL OR $2::bigint[] IS NULL", [], [])


async def _keep(_connection: object) -> None:
    """Instead of a reset query: sessions hold no state, and none is ever set."""


def _text(statement: Select[Any]) -> str:
    compiled = statement.compile(
        dialect=_DIALECT,
        compile_kwargs={"render_postcompile": True},
    )
    return str(compiled)
