"""A connector over rows in memory, shipped for tests: it keeps the contract, and breaks it on demand.

Rows are written in the API's names and values. The mapping says what is mapped, what is current and what a code
raises, as for every other kind; its source columns and codes are not used.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

from connectors.contract import Fetched, Row, RowFilter, Value
from connectors.mapping import CANONICAL_KEY, SourceMapping, canonical
from connectors.shaped import RawPage, ShapedConnector
from connectors.shapes import Raw, Shape
from connectors.values import LiveType
from schema.errors import ErrorCode, SourceError
from schema.ids import CollectionName, SourceKey

__all__ = ["Call", "Fault", "FaultKind", "MemoryConnector", "Records"]

Records = Mapping[CollectionName, Mapping[SourceKey, Sequence[Mapping[str, Value]]]]


class FaultKind(Enum):
    """What can go wrong with a source. The first three fail as connectors do; the others break the contract, so
    that the caller's own checks can be tested."""

    DELAY = "answers late"
    HANG = "never answers"
    ERROR = "fails"
    RUBBISH = "answers what nobody understands"
    WRONG_TYPE = "sends values of the wrong type"
    WRONG_LENGTH = "answers for fewer keys than asked"
    WRONG_ORDER = "answers in another order than asked"


@dataclass(frozen=True, slots=True)
class Fault:
    """One scripted fault for the next matching fetch; `collection` None matches all, `seconds` is for DELAY."""

    kind: FaultKind
    collection: CollectionName | None = None
    seconds: float = 0.05


@dataclass(frozen=True, slots=True)
class Call:
    """One fetch as it was asked for."""

    collection: CollectionName
    keys: tuple[SourceKey, ...]
    columns: tuple[str, ...]
    rows: RowFilter


@dataclass
class _Script:
    faults: deque[Fault] = field(default_factory=deque)

    def take(self, collection: CollectionName) -> Fault | None:
        """The first fault that matches, used up."""
        for fault in self.faults:
            if fault.collection in (None, collection):
                self.faults.remove(fault)
                return fault
        return None


class MemoryConnector(ShapedConnector):
    """Rows of one source: collection -> key -> rows. `calls` lists every fetch; `as_of` None means live.

    It is open from the start.
    """

    place = None

    def __init__(
        self,
        mapping: SourceMapping,
        records: Records,
        *,
        deadline: float = 2.0,
        synthetic: bool = True,
        as_of: datetime | None = None,
    ) -> None:
        super().__init__(mapping, deadline, {name: canonical(part) for name, part in mapping.collections.items()})
        self.records = records
        self.calls: list[Call] = []
        self.synthetic = synthetic
        self.as_of = as_of
        self._opened = True
        self._script = _Script()
        for name in self._collections:
            self._live[name] = {CANONICAL_KEY: LiveType.TEXT}

    def fail_next(self, *faults: Fault) -> None:
        """Script faults; each is used up by one fetch of its collection."""
        self._script.faults.extend(faults)

    async def fetch(
        self, collection: CollectionName, keys: Sequence[SourceKey], columns: Sequence[str], rows: RowFilter
    ) -> Fetched:
        """See `Connector.fetch`."""
        self.calls.append(Call(collection, tuple(keys), tuple(columns), rows))
        fault = self._script.take(collection)
        if fault is not None and fault.kind in _FAILURES:
            await self._guarded(collection, lambda: _FAILURES[fault.kind](fault))
        fetched = await super().fetch(collection, keys, columns, rows)
        return fetched if fault is None else _broken(fetched, fault.kind)

    async def _open(self) -> None:
        pass

    async def _close(self) -> None:
        pass

    async def _read(self, shape: Shape, sent: Sequence[str] | Sequence[int]) -> tuple[Raw, datetime | None]:
        held = self.records.get(shape.collection.name, {})
        raw = [
            (key, *(row.get(name) for name in shape.selected))
            for key in sent
            for row in held.get(SourceKey(str(key)), ())
        ]
        return raw, self.as_of

    async def _read_page(self, shape: Shape, after: str | None, limit: int) -> RawPage:
        held = sorted(str(key) for key in self.records.get(shape.collection.name, {}) if after is None or key > after)
        raw, _ = await self._read(shape, held[:limit])
        return RawPage(held[:limit], raw, held[limit - 1] if len(held) > limit else None)


async def _hang(_fault: Fault) -> None:
    await asyncio.Event().wait()


async def _delay(fault: Fault) -> None:
    await asyncio.sleep(fault.seconds)


async def _error(_fault: Fault) -> None:
    raise SourceError(ErrorCode.SOURCE_UNAVAILABLE, "scripted: not available")


async def _rubbish(_fault: Fault) -> None:
    raise SourceError(ErrorCode.SOURCE_QUALITY, "scripted: the answer was not understood")


_FAILURES: Final[Mapping[FaultKind, Callable[[Fault], Awaitable[None]]]] = {
    FaultKind.DELAY: _delay,
    FaultKind.HANG: _hang,
    FaultKind.ERROR: _error,
    FaultKind.RUBBISH: _rubbish,
}


def _broken(fetched: Fetched, kind: FaultKind) -> Fetched:
    rows: Sequence[Sequence[Row]] = fetched.rows
    if kind is FaultKind.WRONG_TYPE:
        rows = [[tuple({"wrong": "type"} for _ in row) for row in group] for group in rows]  # type: ignore[misc]
    elif kind is FaultKind.WRONG_LENGTH:
        rows = rows[:-1]
    elif kind is FaultKind.WRONG_ORDER:
        rows = list(reversed(rows))
    return Fetched(rows, fetched.as_of, fetched.stale)
