"""Build the crosswalk: scan the persons of every source, link them, store the links. Resumable, batch by batch.

A batch is one transaction: migrants, identities, links, the cursor, and before the commit its audit record. So a kill
at any moment loses at most a batch, which the next build does again, and no link exists without its record.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from secrets import randbits
from typing import Final
from uuid import UUID

from connectors.contract import Connector, Row
from hub.clock import Clock, day_of, now
from hub.registry.digests import RegistryDigests
from hub.registry.linkage import Counts, digest_person, identity_columns, read_person
from hub.registry.rows import BatchRows
from hub.registry.runs import Progress, RunStore
from hub.registry.sealing import RegistrySeal
from hub.store.pool import Pool
from privacy.keys import KeyService
from schema.ids import CollectionName, MigrantId, SourceKey
from schema.vocabulary import Source

__all__ = ["BatchReport", "RegistryBuild", "new_migrant_id"]

BATCH: Final = 5_000
"""Persons per batch and record."""


@dataclass(frozen=True, slots=True, repr=False)
class BatchReport:
    """What one batch did: for its audit record and the progress bar."""

    run: int
    source: Source
    number: int
    migrants: Sequence[MigrantId]
    counts: Counts


Recorder = Callable[[BatchReport], Awaitable[object]]
"""Writes the audit record of a batch and returns when it is durable; when it raises, the batch is undone."""


@dataclass(frozen=True, slots=True)
class RegistryBuild:
    """A build of the registry from the sources; `batch` persons at a time."""

    pool: Pool
    keys: KeyService
    record: Recorder
    progress: Callable[[Source, int], None] = field(default=lambda source, persons: None)
    batch: int = BATCH
    clock: Clock = now

    async def run(self, connectors: Mapping[Source, Connector]) -> Mapping[Source, Counts]:
        """Scan every source to its end, police first; go on where an interrupted build stopped.

        Returns what became of the persons of each source, over the whole run. Raises SourceError when a source
        fails, StorageError when the database does or another build runs at the same time.
        """
        seal = RegistrySeal(self.keys)
        runs = RunStore(self.pool, seal)
        work = _Work(self, runs, seal, RegistryDigests(self.keys))
        places = await runs.resume(tuple(source for source in Source if source in connectors), self.clock())
        for source, place in places.items():
            self.progress(source, place.counts.persons)
            if not place.finished:
                await work.scan(connectors[source], place)
        for place in places.values():
            await runs.finish(place.run, self.clock())
        return {source: place.counts for source, place in places.items()}


class _Work:
    """One run's scans."""

    def __init__(self, build: RegistryBuild, runs: RunStore, seal: RegistrySeal, digests: RegistryDigests) -> None:
        self._build = build
        self._runs = runs
        self._seal = seal
        self._digests = digests

    async def scan(self, connector: Connector, place: Progress) -> None:
        """Link every person of a source from the cursor on. Pages may be of any size; each is one batch."""
        collection = CollectionName(f"{place.source.value.replace('-', '_')}.persons")
        columns = identity_columns(place.source)
        async for page in connector.scan(collection, columns, place.cursor, self._build.batch):
            await self._store(place, page.items, page.after)
            self._build.progress(place.source, len(page.items))
        if not place.finished:
            await self._store(place, (), None)

    async def _store(self, place: Progress, items: Sequence[tuple[SourceKey, Row]], after: str | None) -> None:
        today = day_of(self._build.clock())
        persons = [read_person(key, row) for key, row in items]
        digests = await asyncio.to_thread(lambda: [digest_person(self._digests, place.source, one) for one in persons])
        before, number = place.counts.persons, place.counts.persons // self._build.batch + 1
        async with self._build.pool.transaction() as connection:
            rows = BatchRows(connection, self._seal)
            linker = await rows.load(place.source, today, digests)
            migrants = [linker.link(*one, new_migrant_id()) for one in zip(persons, digests, strict=True)]
            await rows.store(linker)
            place.counts.add(linker.counts)
            place.cursor, place.finished = after, after is None
            await self._runs.save(connection, place, before)
            if persons:
                await self._build.record(BatchReport(place.run, place.source, number, migrants, linker.counts))


def new_migrant_id(milliseconds: int | None = None) -> MigrantId:
    """A random UUIDv7 (RFC 9562 section 5.7)."""
    moment = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    return MigrantId(UUID(int=moment << 80 | 0x7 << 76 | randbits(12) << 64 | 0b10 << 62 | randbits(62)))
