"""The side index, filled behind the writer: which records are about a person, without naming anybody.

Start-up, normal running and recovery are one path: what is not in the index yet is read back from the payload rows.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any, Final

from hub.audit.database import Connection, connect_database, driver_call
from hub.audit.database_evidence import list_shards
from hub.audit.keys import AuditKeys
from hub.audit.mac import KeyedHash
from hub.audit.sealing import unseal_payload
from schema.errors import StorageError

__all__ = ["IndexFiller"]

LOG: Final = logging.getLogger(__name__)
PAGE: Final = 100
MOST_SUBJECTS: Final = 10_000
"""Subjects per statement, so that each ends soon however large the records are."""

EVERYWHERE: Final = 60.0
"""Seconds between two looks at all shards."""

UNFILLED: Final = """
SELECT position, recorded_at, sealed FROM audit_payloads
WHERE shard = $1 AND position >= coalesce((SELECT filled FROM audit_index_progress WHERE shard = $1), 0)
ORDER BY position LIMIT $2
"""
FILL: Final = """
WITH filled AS (
    INSERT INTO audit_subject_index (digest, shard, position, recorded_at)
    SELECT digest, $1, position, recorded_at
    FROM unnest($3::bytea[], $4::bigint[], $5::timestamptz[]) AS rows (digest, position, recorded_at)
    ON CONFLICT DO NOTHING
)
INSERT INTO audit_index_progress (shard, filled) VALUES ($1, $2)
ON CONFLICT (shard) DO UPDATE SET filled = greatest(audit_index_progress.filled, excluded.filled)
"""


class IndexFiller:
    """Fills the side index over a connection of its own, so that it delays no record.

    Its own shard soon, all others now and then: a shard whose writer has ended must not keep a long tail for ever.
    `lagging` is whether the last attempt failed; readers then search a longer tail, nothing is lost.
    """

    def __init__(self, dsn: str, keys: AuditKeys, shard: str, seconds: float) -> None:
        self._dsn = dsn
        self._payloads = KeyedHash(keys.payload_key())
        self._shard = shard
        self._seconds = seconds
        self._connection: Connection | None = None
        self.lagging = False

    async def run(self, pause: float) -> None:
        """Catch up again and again, `pause` seconds apart, until cancelled."""
        everywhere = 0.0
        while True:
            due = time.monotonic() >= everywhere
            await self.catch_up(everywhere=due)
            everywhere = time.monotonic() + EVERYWHERE if due else everywhere
            await asyncio.sleep(pause)

    async def catch_up(self, *, everywhere: bool = False) -> None:
        """Fill the index up to the last row. A failure is logged and left to the next attempt."""
        try:
            if self._connection is None:
                # What a crash takes back, it takes back together with the progress mark: it is filled again.
                self._connection = await connect_database(self._dsn, self._seconds, durable=False)
            for shard in await list_shards(self._connection) if everywhere else [self._shard]:
                while await self._fill_page(self._connection, shard):
                    pass
            self.lagging = False
        except StorageError as error:
            LOG.warning("the audit log's side index is behind: %s", error)
            self.lagging = True
            self.end()

    def end(self) -> None:
        """Drop the connection without waiting."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _fill_page(self, connection: Connection, shard: str) -> bool:
        """Fill some records of one shard; whether there may be more."""
        rows = await driver_call(connection.fetch(UNFILLED, shard, PAGE))
        if not rows:
            return False
        filled, columns = self._columns(rows)
        await driver_call(connection.execute(FILL, shard, filled, *columns))
        return len(rows) == PAGE or filled <= rows[-1]["position"]

    def _columns(self, rows: Sequence[Any]) -> tuple[int, tuple[list[bytes], list[int], list[Any]]]:
        """How far the first rows fill the index, and digest, position and time of each of their subjects."""
        digests: list[bytes] = []
        positions: list[int] = []
        times: list[Any] = []
        for row in rows:
            fresh = self._digests(row["sealed"])
            digests += fresh
            positions += [row["position"]] * len(fresh)
            times += [row["recorded_at"]] * len(fresh)
            if len(digests) >= MOST_SUBJECTS:
                break
        return row["position"] + 1, (digests, positions, times)

    def _digests(self, sealed: bytes) -> Sequence[bytes]:
        """A row that does not open is passed over here; `hub audit verify` names it."""
        try:
            return unseal_payload(self._payloads, sealed).digests
        except StorageError:
            LOG.error("a payload of the audit log does not open; run `hub audit verify`")
            return ()
