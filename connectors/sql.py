"""SQLite, MariaDB and MySQL (and what else SQLAlchemy speaks) through one async engine; the mapping is the same.

Sessions are read-only and autocommit, so that a fetch is one statement and one round trip.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    bindparam,
    event,
    inspect,
    literal,
    types,
)
from sqlalchemy.engine import Connection, Inspector
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from connectors.errors import UnavailableError
from connectors.mapping import CollectionMapping, Place, SourceMapping
from connectors.shaped import RawPage, ShapedConnector
from connectors.shapes import Raw, Shape
from connectors.statements import batch, key_page, source_table
from connectors.values import LiveType

__all__ = ["SqlConnector"]

_READ_ONLY: Final[Mapping[str, str]] = {
    "sqlite": "PRAGMA query_only = ON",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}
_TYPES: Final[tuple[tuple[type[types.TypeEngine[Any]], LiveType], ...]] = (
    (types.Boolean, LiveType.BOOLEAN),
    (types.Integer, LiveType.INTEGER),
    (types.Float, LiveType.UNKNOWN),
    (types.Numeric, LiveType.NUMERIC),
    (types.Date, LiveType.UNKNOWN),
    (types.String, LiveType.TEXT),
)


class SqlConnector(ShapedConnector):
    """One database by an SQLAlchemy URL (`sqlite+aiosqlite:///…`, `mysql+asyncmy://…`)."""

    place = Place.TABLE

    def __init__(self, mapping: SourceMapping, address: str, deadline: float, connections: int = 8) -> None:
        super().__init__(mapping, deadline)
        self._address = address
        self._connections = connections
        self._engine: AsyncEngine | None = None
        self._statements: WeakKeyDictionary[Shape, Select[Any]] = WeakKeyDictionary()

    async def _open(self) -> None:
        if self._engine is not None:
            return
        engine = self._make_engine()
        try:
            async with engine.connect() as connection:
                await connection.run_sync(self._inspect_all)
                self.synthetic = await connection.run_sync(self._is_synthetic)
        except BaseException:
            await engine.dispose()
            raise
        self._engine = engine

    def _make_engine(self) -> AsyncEngine:
        engine = create_async_engine(
            self._address,
            pool_size=self._connections,
            max_overflow=0,
            pool_timeout=self._deadline,
            pool_recycle=600,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
        )
        command = _READ_ONLY.get(engine.dialect.name)
        if command is not None:

            @event.listens_for(engine.sync_engine, "connect")
            def read_only(connection: Any, _record: object) -> None:
                cursor = connection.cursor()
                cursor.execute(command)
                cursor.close()

        return engine

    async def _close(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    async def _read(self, shape: Shape, sent: Sequence[str] | Sequence[int]) -> tuple[Raw, datetime | None]:
        statement = self._statements.get(shape)
        if statement is None:
            statement = self._statements[shape] = batch(shape, self._live[shape.collection.name], _member)
        return await self._rows(statement, {"keys": sent}), None

    async def _read_page(self, shape: Shape, after: str | None, limit: int) -> RawPage:
        start = None if after is None else literal(int(after) if shape.codec.numeric else after)
        found = await self._rows(key_page(shape.collection, start, literal(limit)), {})
        keys = [row[0] for row in found]
        raw, _ = await self._read(shape, keys) if keys else ((), None)
        return RawPage([str(key) for key in keys], raw, str(keys[-1]) if len(keys) == limit else None)

    async def _rows(self, statement: Select[Any], parameters: Mapping[str, object]) -> Sequence[Sequence[Any]]:
        if self._engine is None:
            raise UnavailableError("the connector is not open")
        async with self._engine.connect() as connection:
            rows: Sequence[Sequence[Any]] = (await connection.execute(statement, parameters)).all()
            return rows

    def _inspect_all(self, connection: Connection) -> None:
        inspector = inspect(connection)
        typed = connection.dialect.name != "sqlite"
        for collection in self.mapping.collections.values():
            self._admit(collection, _columns(inspector, collection, typed))

    def _is_synthetic(self, connection: Connection) -> bool:
        about = self.mapping.about
        if about is None:
            return False
        marks = source_table(about.place, (about.name, about.value))
        wanted = marks.select().with_only_columns(marks.c[about.value])
        found = connection.execute(wanted.where(marks.c[about.name] == literal(about.origin, String()))).scalar()
        return bool(found == "SYNTHETIC")


def _member(key: ColumnElement[Any]) -> ColumnElement[bool]:
    return key.in_(bindparam("keys", expanding=True))


def _columns(inspector: Inspector, collection: CollectionMapping, typed: bool) -> Mapping[str, LiveType] | None:
    """Live columns; where types are not enforced (SQLite) only whole-number keys are taken at their word."""
    schema, _, bare = collection.location.name.rpartition(".")
    try:
        found = {part["name"]: _live_type(part["type"]) for part in inspector.get_columns(bare, schema or None)}
    except NoSuchTableError:
        return None
    if typed:
        return found
    return {
        name: live if name == collection.key and live is LiveType.INTEGER else LiveType.UNKNOWN
        for name, live in found.items()
    }


def _live_type(type_: types.TypeEngine[Any]) -> LiveType:
    return next((live for kind, live in _TYPES if isinstance(type_, kind)), LiveType.UNKNOWN)
