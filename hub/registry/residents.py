"""Listings: the unprotected residents of a division, in the order of the asking department's sector ids.

A listing is made once per department, division and registry version, and kept packed (60 bytes a person). The order
is that of the ids as text, which says nothing: AES-SIV makes it look random, and another department's is another.
"""

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from hub.registry.model import Page
from hub.registry.sealing import RegistrySeal
from hub.store.pool import Pool, Record
from privacy.sector_ids import SECTOR_ID_LENGTH, SectorIds
from schema.ids import MigrantId, SectorId
from schema.vocabulary import Department

__all__ = ["Listing", "Residents"]

_ENTRY: Final = SECTOR_ID_LENGTH + 16
_BATCH: Final = 5_000
_MOST_PERSONS: Final = 2_000_000
_VERSION: Final = "SELECT registry_version FROM policy_epoch"
_SCAN: Final = "SELECT migrant_id, sealed FROM migrants WHERE residence_county >= $1 AND residence_county < $2"


class Listing:
    """Persons of one division in the order of one department's sector ids; immutable."""

    def __init__(self, version: int, entries: Sequence[bytes]) -> None:
        """Each entry is a sector id (44 characters) and the migrant's UUID (16 bytes); they come sorted."""
        self.version = version
        self._packed = b"".join(entries)

    def __len__(self) -> int:
        return len(self._packed) // _ENTRY

    def page(self, after: SectorId | None, first: int) -> Page:
        """At most `first` persons behind a sector id, which need not be in the listing."""
        start = 0 if after is None else bisect_right(range(len(self)), after.encode(), key=self._id_at)
        stop = min(start + first, len(self))
        ids = [SectorId(self._id_at(place).decode()) for place in range(start, stop)]
        migrants = [MigrantId(UUID(bytes=self._migrant_at(place))) for place in range(start, stop)]
        return Page(migrants, ids, stop < len(self))

    def _id_at(self, place: int) -> bytes:
        return self._packed[place * _ENTRY : place * _ENTRY + SECTOR_ID_LENGTH]

    def _migrant_at(self, place: int) -> bytes:
        return self._packed[place * _ENTRY + SECTOR_ID_LENGTH : (place + 1) * _ENTRY]


class Residents:
    """Makes listings and keeps the most recently used ones, at most two million persons in all."""

    def __init__(self, pool: Pool, seal: RegistrySeal, sector_ids: SectorIds) -> None:
        self._pool = pool
        self._seal = seal
        self._sector_ids = sector_ids
        self._listings: OrderedDict[tuple[Department, str], Listing] = OrderedDict()
        self._making: dict[tuple[Department, str], asyncio.Lock] = {}

    async def page(self, department: Department, prefix: str, after: SectorId | None, first: int) -> Page:
        """At most `first` persons behind `after`, an id of that department (else ID_INVALID)."""
        if after is not None:
            after = self._sector_ids.seal(department, self._sector_ids.open(department, after))
        return (await self._listing(department, prefix)).page(after, first)

    async def _listing(self, department: Department, prefix: str) -> Listing:
        place = (department, prefix)
        version = await self._pool.fetchval(_VERSION)
        async with self._making.setdefault(place, asyncio.Lock()):
            kept = self._listings.get(place)
            if kept is None or kept.version < version:
                kept = await self._make(department, prefix, version)
            self._keep(place, kept)
        return kept

    async def _make(self, department: Department, prefix: str, version: int) -> Listing:
        entries: list[bytes] = []
        async with self._pool.transaction() as connection:
            cursor = await connection.cursor(_SCAN, prefix, _after_prefix(prefix))
            while rows := await cursor.fetch(_BATCH):
                entries += await asyncio.to_thread(self._entries, department, rows)
        await asyncio.to_thread(entries.sort)
        return Listing(version, entries)

    def _entries(self, department: Department, rows: Sequence[Record]) -> list[bytes]:
        migrants = [migrant for migrant, sealed in rows if not self._seal.open(migrant, sealed).protected]
        ids = self._sector_ids.seal_many(department, migrants)
        return [sector_id.encode() + migrant.bytes for sector_id, migrant in zip(ids, migrants, strict=True)]

    def _keep(self, place: tuple[Department, str], listing: Listing) -> None:
        self._listings[place] = listing
        self._listings.move_to_end(place)
        while len(self._listings) > 1 and sum(map(len, self._listings.values())) > _MOST_PERSONS:
            dropped, _ = self._listings.popitem(last=False)
            self._making.pop(dropped, None)


def _after_prefix(prefix: str) -> str:
    """The first text behind all that begin with these digits."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
