"""A hub in this process over the demo city's installation, with a watcher before each source.

The watchers note every call and pass it on, so that what the hub asks for can be compared with what it may.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import httpx

from connectors.contract import Checked, CheckRequest, Connector, Fetched, RowFilter, ScanPage
from hub.app import create_app
from hub.assembly import assembled_hub
from hub.config import Settings
from hub.service import Hub
from privacy.model import Agreement
from schema.errors import ErrorCode, SourceError
from schema.ids import CollectionName, SourceKey
from schema.vocabulary import Source

__all__ = ["SourceCall", "WatchedHub", "open_watched_hub"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SourceCall:
    """One call to a source: a collection with columns and rows, or a check. `keys` are as the hub sent them."""

    source: Source
    what: str
    columns: tuple[str, ...]
    rows: RowFilter | None
    keys: tuple[SourceKey, ...]

    @property
    def shape(self) -> tuple[object, ...]:
        """Everything but the keys, of which only the number counts."""
        return self.source, self.what, self.columns, self.rows, len(self.keys)


@dataclass
class _Watcher:
    """A connector that notes what it is asked."""

    inner: Connector
    calls: list[SourceCall]
    failing: set[Source]
    synthetic: bool = True
    source: Source = field(init=False)

    def __post_init__(self) -> None:
        self.source = self.inner.source

    async def open(self) -> None:
        await self.inner.open()

    async def close(self) -> None:
        await self.inner.close()

    async def fetch(
        self, collection: CollectionName, keys: Sequence[SourceKey], columns: Sequence[str], rows: RowFilter
    ) -> Fetched:
        self._note(SourceCall(self.source, collection, tuple(columns), rows, tuple(keys)))
        return await self.inner.fetch(collection, keys, columns, rows)

    def scan(
        self, collection: CollectionName, columns: Sequence[str], after: str | None, limit: int
    ) -> AsyncIterator[ScanPage]:
        raise AssertionError("answers scan nothing")

    async def check(self, request: CheckRequest, keys: Sequence[SourceKey]) -> Checked:
        self._note(SourceCall(self.source, request.name, (), None, tuple(keys)))
        return await self.inner.check(request, keys)

    def _note(self, call: SourceCall) -> None:
        self.calls.append(call)
        if self.source in self.failing:
            raise SourceError(ErrorCode.SOURCE_UNAVAILABLE, "scripted: not available")


class WatchedHub:
    """The hub, running in a thread of its own. `calls` are those of the last request."""

    def __init__(self, hub: Hub, loop: asyncio.AbstractEventLoop) -> None:
        self.hub = hub
        self.calls: list[SourceCall] = []
        self._failing: set[Source] = set()
        self._loop = loop
        for gate in hub.gates.values():
            gate.connector = _Watcher(gate.connector, self.calls, self._failing)

    def ask(
        self, document: str, variables: Mapping[str, Any], token: str, headers: Mapping[str, str]
    ) -> httpx.Response:
        """One request through the whole application."""
        self.calls.clear()
        return self.run(self._ask(document, variables, token, headers))

    @contextmanager
    def agreeing(self, agreements: Mapping[str, Agreement]) -> Iterator[None]:
        """These agreements besides those that are in force, for the time of a block."""
        before, self.hub = self.hub, replace(self.hub, agreements={**self.hub.agreements, **agreements})
        try:
            yield
        finally:
            self.hub = before

    @contextmanager
    def without(self, *sources: Source) -> Iterator[None]:
        """These sources fail for the time of a block; afterwards their breakers are closed again."""
        self._failing.update(sources)
        try:
            yield
        finally:
            self._failing.clear()
            for source in sources:
                self.hub.gates[source]._breaker.note(failed=False)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the hub's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _ask(
        self, document: str, variables: Mapping[str, Any], token: str, headers: Mapping[str, str]
    ) -> httpx.Response:
        transport = httpx.ASGITransport(create_app(self.hub))
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            body = {"query": document, "variables": dict(variables)}
            return await client.post("/graphql", json=body, headers={"authorization": f"Bearer {token}", **headers})


@contextmanager
def open_watched_hub(settings: Settings, shard: str = "watched") -> Iterator[WatchedHub]:
    """A hub over an installation, beside the one that serves it, with a shard of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="watched-hub")
    thread.start()
    try:
        opening = assembled_hub(settings.model_copy(update={"shard": shard}))
        hub = asyncio.run_coroutine_threadsafe(opening.__aenter__(), loop).result(60)
        try:
            yield WatchedHub(hub, loop)
        finally:
            asyncio.run_coroutine_threadsafe(opening.__aexit__(None, None, None), loop).result(60)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
