"""The crosswalk: from a document or an id to a person's keys in each source. One statement per question."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from hub.registry.digests import RegistryDigests
from hub.registry.model import MigrantSecrets, Page, Resolution, Subject
from hub.registry.residents import Residents
from hub.registry.sealing import RegistrySeal
from hub.store.pool import Pool
from privacy.keys import KeyService
from privacy.model import SubjectFacts
from privacy.sector_ids import SectorIds
from schema.codes import DocumentKind
from schema.ids import MigrantId, SectorId
from schema.vocabulary import Department

__all__ = ["Crosswalk"]

_RESOLVE: Final = """
SELECT e.epoch, m.migrant_id, m.residence_county, m.origin_county, m.sealed
FROM policy_epoch e LEFT JOIN migrants m ON m.migrant_id = ANY($1::uuid[])
"""
_FIND: Final = """
SELECT migrant_id FROM identities WHERE lookup_digest = ANY($1::bytea[]) ORDER BY ordinal LIMIT 1
"""
_DECOY: Final = MigrantId(UUID(int=0))
_NOBODY: Final = SubjectFacts(residence_county="", origin_county="", protected=False, minor_until=None)


class Crosswalk:
    """Who is who. Every method raises StorageError when the database fails."""

    def __init__(self, pool: Pool, keys: KeyService, sector_ids: SectorIds) -> None:
        self._pool = pool
        self._digests = RegistryDigests(keys)
        self._seal = RegistrySeal(keys)
        self._decoy = self._seal.seal(_DECOY, MigrantSecrets())
        self._residents = Residents(pool, self._seal, sector_ids)

    async def find(self, kind: DocumentKind, number: str, name: str) -> MigrantId | None:
        """The migrant whose document number (normalised) and name both match; of several, the one linked first.

        A wrong name takes the same statement and the same time as a wrong number.
        """
        digests = [version.lookup(kind, number, name) for version in self._digests.versions]
        found = await self._pool.fetchval(_FIND, digests)
        return None if found is None else MigrantId(found)

    def phantom(self, kind: DocumentKind, number: str, name: str) -> MigrantId:
        """The id of a person nobody knows; always the same for the same document and name."""
        return self._digests.phantom(kind, number, name)

    async def resolve(self, migrants: Sequence[MigrantId]) -> Sequence[Subject]:
        """One subject per id, in order; nobody known has neither keys nor counties."""
        return (await self.resolve_with_epoch(migrants)).subjects

    async def resolve_with_epoch(self, migrants: Sequence[MigrantId]) -> Resolution:
        """The same, with the policy epoch read by the same statement."""
        rows = await self._pool.fetch(_RESOLVE, migrants)
        known = {migrant: (residence, origin, sealed) for _, migrant, residence, origin, sealed in rows}
        return Resolution([self._subject(migrant, known.get(migrant)) for migrant in migrants], rows[0][0])

    async def page(self, department: Department, prefix: str, after: SectorId | None, first: int) -> Page:
        """Unprotected residents of a county or city in the order of the department's sector ids.

        `prefix` is a division code of 2, 4 or 6 digits; `after` is an id of that department (else ID_INVALID).
        """
        return await self._residents.page(department, prefix, after, first)

    async def policy_epoch(self) -> int:
        """The version of the policies in force, counted up at every change."""
        return int(await self._pool.fetchval("SELECT epoch FROM policy_epoch"))

    async def advance_policy_epoch(self) -> int:
        """Tell every process that policies, purposes or agreements have changed; the new epoch."""
        return int(await self._pool.fetchval("UPDATE policy_epoch SET epoch = epoch + 1 RETURNING epoch"))

    def _subject(self, migrant: MigrantId, row: tuple[str, str, bytes] | None) -> Subject:
        """Nobody costs the same time as somebody."""
        if row is None:
            self._seal.open(_DECOY, self._decoy)
            return Subject(migrant, _NOBODY, {})
        secrets = self._seal.open(migrant, row[2])
        facts = SubjectFacts(row[0], row[1], secrets.protected, secrets.minor_until, secrets.consents)
        return Subject(migrant, facts, secrets.keys)
