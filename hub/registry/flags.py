"""Protection and consent of one person: sealed columns, effective on the next request."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from hub.registry.model import MigrantSecrets
from hub.registry.sealing import RegistrySeal
from hub.store.pool import Pool
from privacy.model import Consent
from schema.errors import ErrorCode, RequestError
from schema.ids import MigrantId

__all__ = ["Flags"]

_READ: Final = "SELECT sealed FROM migrants WHERE migrant_id = $1 FOR UPDATE"
_WRITE: Final = "UPDATE migrants SET sealed = $2 WHERE migrant_id = $1"
_ADVANCE: Final = "UPDATE policy_epoch SET registry_version = registry_version + 1"

Recorder = Callable[[], Awaitable[object]]
"""Writes the audit record of a change and returns when it is durable; when it raises, nothing is changed."""
Change = Callable[[MigrantSecrets], MigrantSecrets]


@dataclass(frozen=True, slots=True)
class Flags:
    """Changes what is known about a person.

    Every method makes its record durable before the change takes effect, and raises RequestError(ID_INVALID) for a
    person the registry does not know, StorageError when the database fails.
    """

    pool: Pool
    seal: RegistrySeal

    async def protect(self, migrant: MigrantId, record: Recorder) -> None:
        """Hide everything that locates the person (DESIGN R7)."""
        await self._change(migrant, lambda secrets: replace(secrets, protected=True), record)

    async def unprotect(self, migrant: MigrantId, record: Recorder) -> None:
        """Lift protection."""
        await self._change(migrant, lambda secrets: replace(secrets, protected=False), record)

    async def grant(self, migrant: MigrantId, consent: Consent, record: Recorder) -> None:
        """Record a consent; an earlier one for the same department and purpose is replaced."""

        def change(secrets: MigrantSecrets) -> MigrantSecrets:
            return replace(secrets, consents=(*_others(secrets, consent.department, consent.purpose), consent))

        await self._change(migrant, change, record)

    async def revoke(self, migrant: MigrantId, department: str, purpose: str, record: Recorder) -> None:
        """Withdraw a consent; no error when there is none."""

        def change(secrets: MigrantSecrets) -> MigrantSecrets:
            return replace(secrets, consents=_others(secrets, department, purpose))

        await self._change(migrant, change, record)

    async def _change(self, migrant: MigrantId, change: Change, record: Recorder) -> None:
        async with self.pool.transaction() as connection:
            sealed = await connection.fetchval(_READ, migrant)
            if sealed is None:
                raise RequestError(ErrorCode.ID_INVALID)
            secrets = change(self.seal.open(migrant, sealed))
            await connection.execute(_WRITE, migrant, self.seal.seal(migrant, secrets))
            await connection.execute(_ADVANCE)
            await record()


def _others(secrets: MigrantSecrets, department: str, purpose: str) -> tuple[Consent, ...]:
    return tuple(one for one in secrets.consents if (one.department, one.purpose) != (department, purpose))
