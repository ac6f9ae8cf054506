"""What a rotation of keys leaves to do in the registry before an old version can be retired."""

import asyncio
from typing import Final

from hub.registry.sealing import RegistrySeal
from hub.store.pool import Pool, Record
from privacy.keys import KeyService

__all__ = ["count_rows_under", "reseal_registry"]

_BATCH: Final = 5_000
_OLD_ROWS: Final = """
SELECT migrant_id, sealed FROM migrants WHERE substring(sealed FROM 1 FOR 1) <> $1 LIMIT $2 FOR UPDATE
"""
_WRITE: Final = """
UPDATE migrants m SET sealed = u.sealed FROM unnest($1::uuid[], $2::bytea[]) AS u (migrant, sealed)
WHERE m.migrant_id = u.migrant
"""
_UNDER: Final = {
    "crosswalk": "SELECT count(*) FROM migrants WHERE substring(sealed FROM 1 FOR 1) = $1",
    "index": """
        SELECT count(DISTINCT migrant_id) FROM links WHERE substring(key_digest FROM 2 FOR 1) = $1
        AND migrant_id NOT IN (SELECT migrant_id FROM links WHERE substring(key_digest FROM 2 FOR 1) <> $1)
    """,
}


async def reseal_registry(pool: Pool, keys: KeyService) -> int:
    """Seal every row of an older key version again under the current one; how many there were. Can be interrupted."""
    seal, version, done = RegistrySeal(keys), keys.current("crosswalk").version.to_bytes(1), 0
    while True:
        async with pool.transaction() as connection:
            rows = await connection.fetch(_OLD_ROWS, version, _BATCH)
            if not rows:
                return done
            migrants, sealed = await asyncio.to_thread(_sealed_again, seal, rows)
            await connection.execute(_WRITE, migrants, sealed)
            done += len(rows)


def _sealed_again(seal: RegistrySeal, rows: list[Record]) -> tuple[list[object], list[bytes]]:
    return (
        [migrant for migrant, _ in rows],
        [seal.seal(migrant, seal.open(migrant, sealed)) for migrant, sealed in rows],
    )


async def count_rows_under(pool: Pool, name: str, version: int) -> int:
    """How many migrants would be lost if that version of a key were retired now."""
    query = _UNDER.get(name)
    return 0 if query is None else int(await pool.fetchval(query, version.to_bytes(1)))
