"""What all kinds of source have in common: shapes, deadlines, translated errors, age, checks.

A kind says how to open and close, how to read raw rows for keys, and how to list keys or rows for a scan.
"""

import logging
from abc import ABC, abstractmethod
from asyncio import Task, create_task, gather, timeout
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from time import monotonic
from typing import Final, TypeVar

from connectors.checking import check_rows
from connectors.contract import Checked, CheckRequest, Fetched, Row, RowFilter, ScanPage
from connectors.errors import translate
from connectors.mapping import CollectionMapping, Place, SourceMapping
from connectors.quality import QualityCounts
from connectors.shapes import Raw, Shape, compile_shape
from connectors.values import LiveType
from schema.catalogue import COLLECTIONS
from schema.errors import ConfigurationError, ErrorCode, HubError, SourceError
from schema.ids import CollectionName, SourceKey

__all__ = ["RawPage", "ShapedConnector"]

_LOG: Final = logging.getLogger("hub.connectors")
_SHAPES: Final = 512
_TRY_EVERY: Final = 5.0
_OPENING: Final = 30.0
_KEY_TYPES: Final = (LiveType.UNKNOWN, LiveType.TEXT, LiveType.PADDED, LiveType.INTEGER)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RawPage:
    """One page of a scan as a kind reads it: its keys in order, all their raw rows, the cursor to go on with."""

    keys: Sequence[str]
    rows: Raw
    after: str | None


class ShapedConnector(ABC):
    """A connector that reads through compiled shapes. `mapping` and `quality` are open to operators.

    With `synthetic_only` a source that does not say of itself that it is synthetic never opens (DESIGN R4), however
    late it comes.
    """

    place: Place | None

    def __init__(
        self,
        mapping: SourceMapping,
        deadline: float,
        collections: Mapping[CollectionName, CollectionMapping] | None = None,
    ) -> None:
        for collection in mapping.collections.values():
            if self.place is not None and collection.location.place is not self.place:
                raise mapping.fail(collection.line, f"this kind of source needs `{self.place}`")
        self.mapping = mapping
        self._collections = mapping.collections if collections is None else collections
        self.source = mapping.source
        self.synthetic = False
        self.synthetic_only = False
        self.quality = QualityCounts()
        self._deadline = deadline
        self._wanted = self._opened = False
        self._attempt: Task[None] | None = None
        self._attempted = 0.0
        self._live: dict[CollectionName, Mapping[str, LiveType]] = {}
        self._shapes: dict[tuple[CollectionName, tuple[str, ...], RowFilter], Shape] = {}

    async def open(self) -> None:
        """See `Connector.open`. After a SourceError the connector keeps trying by itself when it is asked."""
        self._wanted = True
        if not self._opened:
            await self._become_open()

    async def close(self) -> None:
        """See `Connector.close`."""
        self._wanted = self._opened = False
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.cancel()
            await gather(attempt, return_exceptions=True)
        await self._close()

    async def fetch(
        self, collection: CollectionName, keys: Sequence[SourceKey], columns: Sequence[str], rows: RowFilter
    ) -> Fetched:
        """See `Connector.fetch`."""
        shape = self._shape(collection, tuple(columns), rows)
        if shape is None or not keys:
            return Fetched([()] * len(keys), _now())

        self._require_open()

        async def read() -> tuple[list[Sequence[Row]], datetime | None]:
            raw, as_of = await self._read(shape, shape.codec.send(keys))
            return shape.build(keys, raw), as_of

        built, as_of = await self._guarded(collection, read)
        return self._aged(shape.collection, built, as_of)

    async def scan(
        self, collection: CollectionName, columns: Sequence[str], after: str | None, limit: int
    ) -> AsyncIterator[ScanPage]:
        """See `Connector.scan`."""
        shape = self._shape(collection, tuple(columns), RowFilter())
        if limit < 1:
            raise ValueError("a page holds at least one key")
        while shape is not None:
            self._require_open()
            page = await self._guarded(collection, self._page_reader(shape, after, limit))
            yield page
            if page.after is None:
                return
            after = page.after

    async def check(self, request: CheckRequest, keys: Sequence[SourceKey]) -> Checked:
        """See `Connector.check`."""
        return await check_rows(self, request, keys)

    async def _connect(self) -> None:
        await self._guarded("open", self._open, _OPENING)

    async def _become_open(self) -> None:
        await self._connect()
        if self.synthetic_only and not self.synthetic:
            await self._close()
            raise self._not_synthetic()
        self._shapes.clear()  # shapes know the live columns, and those have just been read
        self._opened = True

    def _not_synthetic(self) -> ConfigurationError:
        return self.mapping.fail(1, f"source `{self.source}` does not say that it is synthetic")

    def _require_open(self) -> None:
        """Refuse at once while the source is away, and try to reach it again beside the request."""
        if self._opened:
            return
        now = monotonic()
        idle = self._attempt is None or self._attempt.done()
        if self._wanted and idle and now - self._attempted > _TRY_EVERY:
            self._attempted = now
            self._attempt = create_task(self._try_open())
        raise SourceError(ErrorCode.SOURCE_UNAVAILABLE, f"{self.source}: the connector is not open")

    async def _try_open(self) -> None:
        try:
            await self._become_open()
        except HubError as error:
            _LOG.warning("still not open: %s", error)

    @abstractmethod
    async def _open(self) -> None:
        """Connect, fill `_live`, set `synthetic`; ConfigurationError where the mapping does not fit."""

    @abstractmethod
    async def _close(self) -> None:
        """Release everything; called at any time, any number of times."""

    @abstractmethod
    async def _read(self, shape: Shape, sent: Sequence[str] | Sequence[int]) -> tuple[Raw, datetime | None]:
        """The raw rows of these keys, and how old they are (None: live)."""

    @abstractmethod
    async def _read_page(self, shape: Shape, after: str | None, limit: int) -> RawPage:
        """The raw rows of the next keys of a scan."""

    def _admit(self, collection: CollectionMapping, found: Mapping[str, LiveType] | None) -> None:
        """Remember the live columns of a collection. Raises ConfigurationError where the mapping names others."""
        what = f"{collection.location.place} `{collection.location.name}`"
        if found is None:
            raise self.mapping.fail(collection.line, f"{what} does not exist or may not be read")
        for name, line in collection.source_columns().items():
            if name not in found:
                raise self.mapping.fail(line, f"{what} has no column `{name}`")
        if found[collection.key] not in _KEY_TYPES:
            raise self.mapping.fail(
                collection.line, f"key column `{collection.key}` is neither text nor a whole number"
            )
        self._live[collection.name] = found

    def _page_reader(self, shape: Shape, after: str | None, limit: int) -> Callable[[], Awaitable[ScanPage]]:
        async def read() -> ScanPage:
            page = await self._read_page(shape, after, limit)
            keys = [SourceKey(key) for key in page.keys]
            built = shape.build(keys, page.rows)
            items = chain.from_iterable(((key, row) for row in rows) for key, rows in zip(keys, built, strict=True))
            return ScanPage(list(items), page.after)

        return read

    def _shape(self, collection: CollectionName, columns: tuple[str, ...], rows: RowFilter) -> Shape | None:
        shape = self._shapes.get((collection, columns, rows))
        if shape is not None:
            return shape
        if collection not in COLLECTIONS or COLLECTIONS[collection].source is not self.source:
            raise ValueError(f"collection {collection} does not belong to source {self.source}")
        mapped = self._collections.get(collection)
        if mapped is None:
            return None
        shape = compile_shape(mapped, columns, rows, self._live.get(collection, {}), self.quality)
        if len(self._shapes) >= _SHAPES:
            self._shapes.clear()
        self._shapes[collection, columns, rows] = shape
        return shape

    def _aged(self, collection: CollectionMapping, rows: Sequence[Sequence[Row]], as_of: datetime | None) -> Fetched:
        now = _now()
        stale = as_of is not None and collection.max_age is not None and now - as_of > collection.max_age
        return Fetched(rows, now if as_of is None else as_of, stale)

    async def _guarded(
        self, collection: CollectionName | str, work: Callable[[], Awaitable[T]], deadline: float | None = None
    ) -> T:
        """The result of `work` within the deadline; every failure as an error of the hub, without its cause."""
        failure: HubError
        try:
            async with timeout(deadline or self._deadline):
                return await work()
        except Exception as error:
            failure = translate(error, self.source, collection)
        raise failure


def _now() -> datetime:
    return datetime.now(UTC)
