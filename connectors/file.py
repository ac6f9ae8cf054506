"""Files from a department's inbox, served from an encrypted staging store that is renewed when a delivery comes.

While a new delivery is being read, the old one is served; a delivery that cannot be read leaves the old one in
place, which grows stale in time and says so.
"""

import asyncio
import hashlib
import json
import logging
import os
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Select, literal_column
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from connectors.deliveries import find_delivery, signature_of
from connectors.errors import UnavailableError, translate
from connectors.mapping import CANONICAL_KEY, Place, SourceMapping
from connectors.shaped import RawPage, ShapedConnector
from connectors.shapes import Raw, Shape
from connectors.stager import Stager, StageStopped, staged
from connectors.staging import BadRow, StagingStore, StoreFacts
from connectors.statements import batch, key_page
from connectors.values import LiveType
from schema.errors import HubError, SourceError
from schema.fields import ColumnType

__all__ = ["FileConnector", "StagingPlace"]

_LOG: Final = logging.getLogger("hub.connectors.file")
_LOOK_EVERY: Final = 1.0
_ABANDONED_AFTER: Final = 86_400.0
_TEXTUAL: Final = (ColumnType.STRING, ColumnType.KEY)


@dataclass(frozen=True, slots=True)
class StagingPlace:
    """The folder of the staging store and its key (32 random bytes)."""

    folder: Path
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a key of another length."""
        if len(self.key) != 32:
            raise ValueError("a staging key has 32 bytes")


class FileConnector(ShapedConnector):
    """The inbox of one department."""

    place = Place.FILE

    def __init__(self, mapping: SourceMapping, inbox: Path, staging: StagingPlace, deadline: float) -> None:
        super().__init__(mapping, deadline, {name: staged(part) for name, part in mapping.collections.items()})
        self._inbox = inbox
        self._staging = staging
        self._path = staging.folder / f"{mapping.source}.staging"
        self._digest = hashlib.sha256(Path(mapping.file).read_bytes()).hexdigest()
        self._store: StagingStore | None = None
        self._facts: StoreFacts | None = None
        self._reader = _reader()
        self._renewal: asyncio.Task[None] | None = None
        self._looked = 0.0
        self._stop = Event()
        self._texts: WeakKeyDictionary[Shape, str] = WeakKeyDictionary()
        for name, collection in self._collections.items():
            self._live[name] = {CANONICAL_KEY: LiveType.TEXT} | {
                column.info.name: _live_type(column.info.column_type) for column in collection.columns.values()
            }

    async def refresh(self) -> None:
        """Read the delivery in the inbox now, if it is a new one. Errors as for `open`."""
        await self._renew()

    async def bad_rows(self) -> Sequence[BadRow]:
        """What could not be used of the current delivery: file, line, field, reason; never content."""
        store = self._open_store()
        return await asyncio.get_running_loop().run_in_executor(self._reader, store.bad_rows)

    async def _connect(self) -> None:
        """Reading a large delivery takes as long as it takes: no deadline."""
        await self._open()

    async def _open(self) -> None:
        if self._store is not None:
            return
        self._stop.clear()
        failure: HubError
        try:
            await self._renew()
            return
        except SourceError as error:
            failure = error
        if not await self._fall_back():
            raise failure

    async def _fall_back(self) -> bool:
        """Between two deliveries the last one is served."""
        store = await asyncio.to_thread(StagingStore.open, self._path, self._staging.key)
        if store is not None and store.facts().mapping == self._digest:
            await self._swap(store)
            return True
        return False

    async def _close(self) -> None:
        self._stop.set()
        renewal, self._renewal = self._renewal, None
        if renewal is not None:
            await asyncio.gather(renewal, return_exceptions=True)
        store, self._store, self._facts = self._store, None, None
        if store is not None:
            await asyncio.get_running_loop().run_in_executor(self._reader, store.close)
        self._reader.shutdown(wait=False)
        self._reader = _reader()

    async def _read(self, shape: Shape, sent: Sequence[str] | Sequence[int]) -> tuple[Raw, datetime | None]:
        self._look()
        text = self._texts.get(shape)
        if text is None:
            text = self._texts[shape] = _text(batch(shape, self._live[shape.collection.name], _member))
        as_of = None if self._facts is None else self._facts.as_of
        return await self._rows(text, [json.dumps(list(sent))]), as_of

    async def _read_page(self, shape: Shape, after: str | None, limit: int) -> RawPage:
        mark: ColumnElement[Any] = literal_column("?")
        text = _text(key_page(shape.collection, None if after is None else mark, mark))
        found = await self._rows(text, [limit] if after is None else [after, limit])
        keys = [row[0] for row in found]
        raw, _ = await self._read(shape, keys) if keys else ((), None)
        return RawPage(keys, raw, keys[-1] if len(keys) == limit else None)

    async def _rows(self, text: str, parameters: Sequence[str | int]) -> list[tuple[Any, ...]]:
        store = self._open_store()
        return await asyncio.get_running_loop().run_in_executor(self._reader, store.rows, text, parameters)

    def _open_store(self) -> StagingStore:
        if self._store is None:
            raise UnavailableError("the connector is not open")
        return self._store

    def _look(self) -> None:
        """Now and then see whether a new delivery has come; reading it does not hold up anybody."""
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY or (self._renewal is not None and not self._renewal.done()):
            return
        self._looked = now
        self._renewal = asyncio.create_task(self._renew_quietly())

    async def _renew_quietly(self) -> None:
        try:
            await self._renew()
        except HubError as error:
            _LOG.warning("the delivery was not taken over: %s", error)

    async def _renew(self) -> None:
        failure: HubError
        try:
            renewed = await asyncio.to_thread(self._stage)
        except StageStopped:
            return
        except Exception as error:
            failure = translate(error, self.source, "inbox")
        else:
            await self._swap(renewed)
            return
        raise failure

    async def _swap(self, renewed: StagingStore | None) -> None:
        if renewed is None:
            return
        old, self._store = self._store, renewed
        self._facts = renewed.facts()
        self.synthetic = self._facts.synthetic
        if old is not None:
            await asyncio.get_running_loop().run_in_executor(self._reader, old.close)

    def _stage(self) -> StagingStore | None:
        """A store of the delivery in the inbox; None when the open one is of that delivery."""
        signature = signature_of(self._inbox, self.mapping)
        wanted = (signature, self._digest)
        if self._facts is not None and (self._facts.signature, self._facts.mapping) == wanted:
            return None
        store = StagingStore.open(self._path, self._staging.key)
        if store is not None:
            facts = store.facts()
            if (facts.signature, facts.mapping) == wanted:
                return store
            store.close()
        return self._build()

    def _build(self) -> StagingStore:
        delivery = find_delivery(self._inbox, self.mapping)
        if self.synthetic_only and not delivery.synthetic:
            raise self._not_synthetic()
        self._staging.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep()
        new = self._path.with_name(f"{self._path.name}.{secrets.token_hex(6)}.new")
        try:
            store = StagingStore.create(new, self._staging.key)
            try:
                Stager(self.mapping, delivery, store, self.quality, self._stop.is_set).run()
                store.finish(StoreFacts(delivery.signature, self._digest, delivery.as_of, delivery.synthetic))
            finally:
                store.close()
            os.replace(new, self._path)
        finally:
            new.unlink(missing_ok=True)
        built = StagingStore.open(self._path, self._staging.key)
        if built is None:
            raise UnavailableError("the staging store does not open")
        return built

    def _sweep(self) -> None:
        """Remove what a process that was killed left behind."""
        for path in self._path.parent.glob(f"{self._path.name}.*.new"):
            if time.time() - path.stat().st_mtime > _ABANDONED_AFTER:
                path.unlink(missing_ok=True)


def _reader() -> ThreadPoolExecutor:
    """One thread, because a store is not for two at once; it starts with its first work."""
    return ThreadPoolExecutor(1, thread_name_prefix="staging")


def _live_type(column_type: ColumnType) -> LiveType:
    if column_type in _TEXTUAL:
        return LiveType.TEXT
    return LiveType.INTEGER if column_type is ColumnType.INTEGER else LiveType.UNKNOWN


def _member(key: ColumnElement[Any]) -> ColumnElement[bool]:
    return key.op("IN", is_comparison=True)(literal_column("(SELECT value FROM json_each(?))"))


def _text(statement: Select[Any]) -> str:
    return str(statement.compile(dialect=sqlite_dialect(), compile_kwargs={"literal_binds": True}))
