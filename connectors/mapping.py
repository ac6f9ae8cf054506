"""The mapping language as values: where a source keeps each collection and how its values become ours.

`connectors.mapping_reader` reads it from YAML; `docs/connectors.md` describes every key. Names on the left are
the API's (`schema.catalogue`); names called *source column* are the department's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final

from schema.catalogue import ColumnInfo
from schema.errors import ConfigurationError
from schema.fields import ColumnType
from schema.ids import CollectionName
from schema.vocabulary import FieldClass, Source

__all__ = [
    "CANONICAL_KEY",
    "About",
    "CollectionMapping",
    "ColumnMapping",
    "Condition",
    "Current",
    "Location",
    "Place",
    "Raise",
    "RaiseScope",
    "Service",
    "SourceMapping",
    "canonical",
]


CANONICAL_KEY: Final = "source key"
"""The key column of a canonical collection; a space keeps it apart from every API name."""


class Place(StrEnum):
    """What kind of thing holds a collection."""

    TABLE = "table"
    FILE = "file"
    ENDPOINT = "endpoint"
    TYPE = "type"


class RaiseScope(StrEnum):
    """What a raised code hides: its own value, or the whole row."""

    VALUE = "value"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Location:
    """Where a collection lives. `part` is the sheet of a workbook, or the list field of a GraphQL type."""

    place: Place
    name: str
    part: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How one API column is made: from a source column (`origin`), or from a constant.

    `formats` are the spellings of a date or month (`%Y %m %d`, and `%H %M %S %z`, which are dropped). `codes`
    translates the source's codes; None where the source already uses ours.
    """

    info: ColumnInfo
    line: int
    origin: str | None = None
    constant: str | bool | None = None
    formats: tuple[str, ...] = ()
    codes: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """Rows of which all `empty` source columns are empty and every column of `values` holds one of its codes."""

    empty: tuple[str, ...] = ()
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The source columns it needs."""
        return (*self.empty, *self.values)


@dataclass(frozen=True, slots=True)
class Current:
    """Which row is current: the rows that meet the condition and of those, with `latest`, one row per key: the one
    with the latest value in that source column (a date)."""

    condition: Condition
    latest: str | None = None


@dataclass(frozen=True, slots=True)
class Raise:
    """Code values of an API column that raise the class of the value or of the row."""

    column: str
    scope: RaiseScope
    classes: Mapping[str, FieldClass]
    line: int


@dataclass(frozen=True, slots=True)
class CollectionMapping:
    """How one collection is read. `order` lists source columns, with `-` for descending."""

    name: CollectionName
    location: Location
    key: str
    columns: Mapping[str, ColumnMapping]
    line: int
    single: bool = False
    order: tuple[str, ...] = ()
    only: Condition = Condition()
    current: Current | None = None
    raises: tuple[Raise, ...] = ()
    max_age: timedelta | None = None

    @property
    def origins(self) -> Mapping[str, ColumnMapping]:
        """The API columns by source column; the first where several share one."""
        found: dict[str, ColumnMapping] = {}
        for column in self.columns.values():
            if column.origin is not None:
                found.setdefault(column.origin, column)
        return found

    def source_columns(self) -> dict[str, int]:
        """Every source column the mapping names, the key first, with the line that names it."""
        found = {self.key: self.line}
        for column in self.columns.values():
            if column.origin is not None:
                found.setdefault(column.origin, column.line)
        others = [*self.only.columns, *(name.removeprefix("-") for name in self.order)]
        if self.current is not None:
            others += [*self.current.condition.columns, *filter(None, [self.current.latest])]
        for name in others:
            found.setdefault(name, self.line)
        return found


@dataclass(frozen=True, slots=True)
class About:
    """Where the source says what it is.

    `place` is a table of names and values (with columns `name` and `value`), a JSON file of the inbox, an address
    of the service, or a root field. `origin` names the entry that marks synthetic data, `as_of` the one that dates it.
    """

    place: str
    origin: str
    as_of: str | None = None
    name: str = ""
    value: str = ""
    line: int = 1


@dataclass(frozen=True, slots=True)
class Service:
    """How a remote service is spoken to. `{name}` in `batch`, `page` and `pages` stands for the
    endpoint or type.

    `keys` names the list of keys in a batch request, `pages` the root field that lists all entities (GraphQL);
    `most` is the largest number of keys in one request.
    """

    token: str | None = None
    batch: str = "/{name}/batch"
    page: str = "/{name}"
    keys: str = "keys"
    pages: str | None = None
    most: int = 1000


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """One mapping file. Collections that are not mapped are absent."""

    file: str
    source: Source
    collections: Mapping[CollectionName, CollectionMapping]
    authoritative: frozenset[str] = frozenset()
    about: About | None = None
    service: Service = Service()
    encoding: str = "utf-8"

    def fail(self, line: int, message: str) -> ConfigurationError:
        """The error to raise about one line of the file."""
        return ConfigurationError(f"{self.file}:{line}: {message}")


def canonical(mapping: CollectionMapping) -> CollectionMapping:
    """The same collection once its values are ours: API names, API codes, ISO dates.

    What the staging store and the memory connector hold. A source column that no API column is made from keeps its
    name, and so does one of codes that the rows are ordered by.
    """
    names = {origin: column.info.name for origin, column in mapping.origins.items()}
    # the source orders by its own codes, so those columns are kept as they came
    uncoded = {origin: column.info.name for origin, column in mapping.origins.items() if column.codes is None}
    current = mapping.current
    return replace(
        mapping,
        location=Location(Place.TABLE, mapping.name.replace(".", "_")),
        key=CANONICAL_KEY,
        columns={name: _canonical_column(column) for name, column in mapping.columns.items()},
        order=tuple(_renamed_order(part, uncoded) for part in mapping.order),
        only=_canonical_condition(mapping, mapping.only, names),
        current=current
        and Current(
            _canonical_condition(mapping, current.condition, names),
            current.latest and names.get(current.latest, current.latest),
        ),
    )


def _renamed_order(part: str, names: Mapping[str, str]) -> str:
    bare = part.removeprefix("-")
    return part[: len(part) - len(bare)] + names.get(bare, bare)


def _canonical_column(column: ColumnMapping) -> ColumnMapping:
    formats = ("%Y-%m",) if column.info.column_type is ColumnType.MONTH else ()
    return replace(column, origin=column.info.name, constant=None, formats=formats, codes=None)


def _canonical_condition(mapping: CollectionMapping, condition: Condition, names: Mapping[str, str]) -> Condition:
    values = {}
    for origin, allowed in condition.values.items():
        column = mapping.origins.get(origin)
        codes = None if column is None else column.codes
        ours = allowed if codes is None else frozenset(codes[raw] for raw in allowed if raw in codes)
        values[names.get(origin, origin)] = ours
    return Condition(tuple(names.get(origin, origin) for origin in condition.empty), values)
