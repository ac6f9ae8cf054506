"""One batch's rows: what the registry holds about its persons, read in three statements, and what changes, written."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import chain
from typing import Final

from hub.registry.linkage import Linker, MigrantRow, PersonDigests
from hub.registry.runs import BUILD_LOCK
from hub.registry.sealing import RegistrySeal
from hub.store.pool import Connection, Record
from schema.ids import MigrantId
from schema.vocabulary import Source

__all__ = ["BatchRows"]

_LINKS: Final = "SELECT key_digest, migrant_id FROM links WHERE key_digest = ANY($1::bytea[])"
_IDENTITIES: Final = """
SELECT number_digest, person_digest, migrant_id FROM identities WHERE number_digest = ANY($1::bytea[])
"""
_MIGRANTS: Final = """
SELECT migrant_id, residence_county, origin_county, sealed FROM migrants
WHERE migrant_id = ANY($1::uuid[]) ORDER BY migrant_id FOR UPDATE
"""
_UPDATE: Final = """
UPDATE migrants m SET residence_county = u.residence, origin_county = u.origin, sealed = u.sealed
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[]) AS u (migrant, residence, origin, sealed)
WHERE m.migrant_id = u.migrant
"""
_ADVANCE: Final = "UPDATE policy_epoch SET registry_version = registry_version + 1"


class BatchRows:
    """Reads and writes of one batch, in its transaction."""

    def __init__(self, connection: Connection, seal: RegistrySeal) -> None:
        self._connection = connection
        self._seal = seal

    async def load(self, source: Source, today: date, digests: Sequence[PersonDigests]) -> Linker:
        """A linker that knows what the registry holds about these persons; its rows stay locked."""
        await self._connection.execute(BUILD_LOCK)
        links = dict(await self._fetch(_LINKS, chain.from_iterable(one.keys for one in digests)))
        found = await self._fetch(_IDENTITIES, chain.from_iterable(one.numbers for one in digests))
        identities = {(number, person): MigrantId(migrant) for number, person, migrant in found}
        rows = await self._connection.fetch(_MIGRANTS, sorted({*links.values(), *identities.values()}))
        opened = await asyncio.to_thread(lambda: dict(map(self._open, rows)))
        return Linker(source, today, links, identities, opened)

    async def store(self, linker: Linker) -> None:
        """Everything the linker decided."""
        sealed = await asyncio.to_thread(lambda: [self._close(linker, migrant) for migrant in linker.changed])
        new = [row for row in sealed if row[0] in linker.new]
        changed = [row for row in sealed if row[0] not in linker.new]
        await self._copy("migrants", ("migrant_id", "residence_county", "origin_county", "sealed"), new)
        if changed:
            await self._connection.execute(_UPDATE, *map(list, zip(*changed, strict=True)))
        await self._copy("links", ("key_digest", "migrant_id"), list(linker.new_links.items()))
        await self._copy(
            "identities",
            ("number_digest", "person_digest", "lookup_digest", "migrant_id"),
            [(one.number, one.person, one.lookup, one.migrant) for one in linker.new_identities],
        )
        if sealed:
            await self._connection.execute(_ADVANCE)

    async def _fetch(self, query: str, digests: Iterable[bytes]) -> list[Record]:
        return await self._connection.fetch(query, list(digests))

    async def _copy(self, table: str, columns: Sequence[str], records: Sequence[Sequence[object]]) -> None:
        if records:
            await self._connection.copy_records_to_table(table, records=records, columns=columns)

    def _open(self, row: Record) -> tuple[MigrantId, MigrantRow]:
        migrant, residence, origin, sealed = row
        return migrant, MigrantRow(residence, origin, self._seal.open(migrant, sealed))

    def _close(self, linker: Linker, migrant: MigrantId) -> tuple[MigrantId, str, str, bytes]:
        row = linker.rows[migrant]
        return migrant, row.residence_county, row.origin_county, self._seal.seal(migrant, row.secrets)
