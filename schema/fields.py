"""How a field of the API is described: its class, where it is held, how it is masked.

The descriptions sit in `strawberry.field(metadata={META: …})` and are read back by `schema.catalogue`.
Adding a field to the API is one line with one of these functions, and one line in a mapping.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, cast

import strawberry

from schema.ids import CollectionName
from schema.vocabulary import Decision, FieldClass, Mask, RootKind, Source

__all__ = ["Checked", "ColumnType", "Group", "Held", "META", "Record", "Records", "Root", "checked", "group", "held"]
__all__ += ["record", "records", "root"]

META = "hub"


class ColumnType(StrEnum):
    """What a connector returns for a column, as a Python value.

    STRING str, DATE datetime.date, INTEGER int, DECIMAL decimal.Decimal (yuan), BOOLEAN bool,
    CODE str (a member name of `codes`), DIVISION str (GB/T 2260, 6, 9 or 12 digits), MONTH str `YYYY-MM`,
    ETHNIC str (GB/T 3304, two digits), KEY str (a key of the same source).
    """

    STRING = "string"
    DATE = "date"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    CODE = "code"
    DIVISION = "division"
    MONTH = "month"
    ETHNIC = "ethnic"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Held:
    """A value held in one column of one collection. `locates`: it can lead to the person (DESIGN R7)."""

    field_class: FieldClass
    column_type: ColumnType
    mask: Mask
    locates: bool
    collection: CollectionName | None
    column: str | None
    codes: type[Enum] | None
    ceiling: Decision
    masked_from: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """An object whose fields are columns of the same single row as its parent's."""

    prefix: str
    collection: CollectionName


@dataclass(frozen=True, slots=True)
class Record:
    """A department's part of the migrant."""

    source: Source


@dataclass(frozen=True, slots=True)
class Records:
    """A list of rows of one collection."""

    collection: CollectionName


@dataclass(frozen=True, slots=True)
class Checked:
    """A yes/no answer computed at its source; its definition is in `schema.checks`."""


@dataclass(frozen=True, slots=True)
class Root:
    """A root field and the way it is answered."""

    kind: RootKind


def held(  # noqa: PLR0913  one line per field is what this buys
    field_class: FieldClass,
    column_type: ColumnType,
    description: str,
    *,
    locates: bool = True,
    mask: Mask = Mask.NEVER,
    collection: str | None = None,
    column: str | None = None,
    codes: type[Enum] | None = None,
    ceiling: Decision = Decision.READ,
    masked_from: str | None = None,
) -> Any:
    """A nullable field held in a source. Without `locates=False` it locates.

    `masked_from`: the masked value is made from this division column, and the field's own is not fetched.
    """
    place = None if collection is None else CollectionName(collection)
    meta = Held(field_class, column_type, mask, locates, place, column, codes, ceiling, masked_from)
    return strawberry.field(default=None, description=description, metadata={META: meta})


def group(prefix: str, collection: str, description: str) -> Any:
    """An object of columns named `<prefix>_…` in `collection`."""
    return _described(Group(prefix, CollectionName(collection)), description)


def record(source: Source, description: str) -> Any:
    """A department's record."""
    return _described(Record(source), description)


def records(collection: str, description: str) -> Any:
    """The rows of one collection, newest first where the source knows an order."""
    return _described(Records(CollectionName(collection)), description)


def checked(resolver: Any, description: str) -> Any:
    """A check; arguments come from the resolver's signature."""
    return strawberry.field(resolver=resolver, description=description, metadata={META: Checked()})


def root(kind: RootKind, description: str) -> Callable[[Callable[..., Any]], Any]:
    """Decorator for a root field."""
    return cast(
        "Callable[[Callable[..., Any]], Any]", strawberry.field(description=description, metadata={META: Root(kind)})
    )


def _described(meta: Group | Record | Records, description: str) -> Any:
    return strawberry.field(default=None, description=description, metadata={META: meta})
