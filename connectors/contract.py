"""What every connector promises. Connectors know where data lives; they decide nothing.

A connector is created from one mapping file (`connectors.mapping.SourceMapping`) and one address
(`connectors.opening.create`), belongs to one source, and speaks in the names of the API: collections and columns as
the schema's catalogue (`schema.catalogue`) lists them, never in the source's own names. Values come back already
translated to the catalogue's column types.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from schema.ids import CollectionName, SourceKey
from schema.vocabulary import Answer, FieldClass, RowScope, Source

__all__ = [
    "CheckArgument",
    "CheckRequest",
    "Checked",
    "Connector",
    "Fetched",
    "NEVER_KEY",
    "Row",
    "RowFilter",
    "ScanPage",
    "Value",
]

Value = str | int | bool | date | Decimal | None
Row = tuple[Value, ...]

NEVER_KEY = SourceKey("\x00never")
"""A key no source holds. Subjects without a link, without permission or protected are fetched under
it, so that the calls a source sees do not tell who is known (DESIGN section 4)."""


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows may leave.

    `scope`: all rows, or the current one only (as the mapping defines current). `raised`: the classes
    raised by code value (mapping key `raises`) whose rows or values may leave; rows or values raised to
    any other class must not leave the source.
    """

    scope: RowScope = RowScope.ALL
    raised: frozenset[FieldClass] = frozenset()


@dataclass(frozen=True, slots=True)
class Fetched:
    """Rows of one collection: `rows[i]` belongs to `keys[i]` of the request, in the source's stable order.

    A row holds its values in the order of the requested columns. `as_of` (UTC) says how old the data is, `stale`
    whether that is older than the mapping's `max_age`. Repeated keys share one list: do not change it.
    """

    rows: Sequence[Sequence[Row]]
    as_of: datetime
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """Answers of one check: `answers[i]` belongs to `keys[i]`. `as_of` (UTC) says how old the data behind them is."""

    answers: Sequence[Answer]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class ScanPage:
    """One page of a scan: `(key, row)` pairs and the cursor to go on with, or None at the end."""

    items: Sequence[tuple[SourceKey, Row]]
    after: str | None


CheckArgument = str | int | date | SourceKey


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """One check for several persons: its API name (`residentHalfYear`), its arguments, today's date."""

    name: str
    today: date
    arguments: Mapping[str, CheckArgument] = field(default_factory=dict)


class Connector(Protocol):
    """Five methods make a kind of source.

    Errors: every failure is a `schema.errors.SourceError` with code SOURCE_UNAVAILABLE (refused, dropped,
    timed out, HTTP error) or SOURCE_QUALITY (not understandable: not JSON, wrong shape, missing column). Messages
    name the source and collection, never SQL, a key or a value. Cancellation must release every resource.
    Concurrent calls are allowed.
    """

    source: Source
    synthetic: bool

    async def open(self) -> None:
        """Connect and check that the mapping fits the live source.

        Raises ConfigurationError (with file and line of the mapping) when a mapped column is missing.
        """

    async def close(self) -> None:
        """Release every resource; safe to call twice."""

    async def fetch(
        self,
        collection: CollectionName,
        keys: Sequence[SourceKey],
        columns: Sequence[str],
        rows: RowFilter,
    ) -> Fetched:
        """The named columns of one collection for all keys in **one** batched call.

        Keys may repeat and may be NEVER_KEY; an unknown key has an empty list. Nothing but the named columns
        (and what `current` and `raises` need) is selected at the source. A collection the mapping does not have
        has no rows for anybody; a column it does not have is None. Raises ValueError for a column that the
        schema's catalogue does not list.
        """

    def scan(
        self, collection: CollectionName, columns: Sequence[str], after: str | None, limit: int
    ) -> AsyncIterator[ScanPage]:
        """All rows of a collection in the source's key order, from after the cursor (resumable).

        A page holds all rows of at most `limit` keys. Rows and values raised to another class are left out,
        as with `RowFilter()`.
        """

    async def check(self, request: CheckRequest, keys: Sequence[SourceKey]) -> Checked:
        """One answer per key, in order, computed at the source or beside it; inputs never leave the connector."""
