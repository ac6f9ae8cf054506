"""The daily budget of distinct persons per client (DESIGN R4), counted in the database so that replicas share it.

Kept are keyed digests only; a person's differs from client to client and from day to day, so that the table tells
nobody who was asked about twice.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from hub.audit.mac import KeyedHash
from hub.store.pool import Pool
from privacy.keys import KeyService
from schema.ids import MigrantId

__all__ = ["SubjectBudget"]

# One statement, exact under concurrency: the day's row is locked by its update. It need not be flushed: a crash
# forgets at most what was spent in its last moment.
_SPEND: Final = """
WITH unflushed AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true)
), fresh AS (
    INSERT INTO budget_subjects (client_digest, day, subject_digest)
    SELECT $1, $2, unnest($3::bytea[]) FROM unflushed ON CONFLICT DO NOTHING RETURNING 1
)
INSERT INTO budget_days (client_digest, day, spent)
SELECT $1, $2, count(*) FROM fresh
ON CONFLICT (client_digest, day) DO UPDATE SET spent = budget_days.spent + excluded.spent
RETURNING spent
"""


class SubjectBudget:
    """Counts the distinct persons a client asks about. Every method raises StorageError when the database fails."""

    def __init__(self, pool: Pool, keys: KeyService) -> None:
        self._pool = pool
        key = keys.current("budget")
        self._client = KeyedHash(key.derive("client")).digest
        self._subject = KeyedHash(key.derive("subject")).digest

    async def spend(self, client: str, day: date, migrants: Iterable[MigrantId]) -> int:
        """Count these persons; how many distinct ones the client has asked about on that day, these included."""
        client_digest = self._client(client.encode())
        scope = client_digest + day.toordinal().to_bytes(4)
        # Sorted, so that two requests about the same persons wait for each other instead of locking each other out.
        subjects = sorted({self._subject(scope + migrant.bytes) for migrant in migrants})
        return int(await self._pool.fetchval(_SPEND, client_digest, day, subjects))

    async def forget_before(self, day: date) -> None:
        """Delete the counts of earlier days."""
        await self._pool.execute("DELETE FROM budget_subjects WHERE day < $1", day)
        await self._pool.execute("DELETE FROM budget_days WHERE day < $1", day)
