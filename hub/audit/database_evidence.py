"""The log as it stands in its database, with the checkpoint files beside it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import orjson

from hub.audit.checkpoints import checkpoint_files, shard_key
from hub.audit.commitment import Payload, utc_text
from hub.audit.database import Connection, connect_database, driver_call
from hub.audit.evidence import EvidenceRow
from hub.audit.keys import AuditKeys
from hub.audit.mac import KeyedHash
from hub.audit.note import NoteKey, claimed_size
from hub.audit.sealing import unseal_payload
from schema.errors import StorageError

__all__ = ["DatabaseEvidence", "list_shards", "open_database_evidence"]

PAGE: Final = 2_000
SECONDS: Final = 60.0
SHARDS: Final = """
WITH RECURSIVE named AS (
    (SELECT shard FROM {table} ORDER BY shard LIMIT 1)
    UNION ALL
    SELECT (SELECT t.shard FROM {table} t WHERE t.shard > named.shard ORDER BY t.shard LIMIT 1) FROM named
    WHERE named.shard IS NOT NULL
) SELECT shard FROM named WHERE shard IS NOT NULL
"""
NOTES: Final = "SELECT note FROM audit_checkpoints WHERE shard = $1 ORDER BY size, signed_at"
ROWS: Final = """
SELECT position, e.entry, p.sealed, p.event, p.department, p.recorded_at
FROM (SELECT position, entry FROM audit_entries WHERE shard = $1) e
FULL JOIN (SELECT position, sealed, event, department, recorded_at FROM audit_payloads WHERE shard = $1) p
USING (position) ORDER BY position
"""


async def list_shards(connection: Connection) -> list[str]:
    """Names of all shards that have rows or checkpoints, sorted."""
    found: set[str] = set()
    for table in ("audit_entries", "audit_checkpoints"):
        found |= {row["shard"] for row in await driver_call(connection.fetch(SHARDS.format(table=table)))}
    return sorted(found)


class DatabaseEvidence:
    """One snapshot of the database. Made by `open_database_evidence`."""

    blind = False

    def __init__(self, connection: Connection, keys: AuditKeys, notes: dict[str, str]) -> None:
        self._connection = connection
        self._log_name, self._public_key = keys.log_name, keys.public_key()
        self._payloads = KeyedHash(keys.payload_key())
        self._file_notes = notes

    async def shards(self) -> Sequence[str]:
        """Every shard of the database, and every one that has a checkpoint file."""
        return sorted({*await list_shards(self._connection), *self._file_notes})

    def key(self, shard: str) -> NoteKey:
        """The shard's own key."""
        return shard_key(self._log_name, self._public_key, shard)

    async def notes(self, shard: str) -> AsyncIterator[str]:
        """The database's checkpoints, and the file's where its size belongs."""
        waiting = self._file_notes.get(shard)
        async for row in self._stream(NOTES, shard):
            if waiting is not None and claimed_size(waiting) <= claimed_size(row["note"]):
                yield waiting
                waiting = None
            yield row["note"]
        if waiting is not None:
            yield waiting

    async def rows(self, shard: str) -> AsyncIterator[EvidenceRow]:
        """Entries with their payloads, by position."""
        async for row in self._stream(ROWS, shard):
            yield self._read_row(row)

    def _read_row(self, row: Any) -> EvidenceRow:
        if row["sealed"] is None:
            return EvidenceRow(row["position"], row["entry"])
        try:
            payload = unseal_payload(self._payloads, row["sealed"]).payload
        except StorageError:
            return EvidenceRow(row["position"], row["entry"], damaged=True)
        return EvidenceRow(row["position"], row["entry"], payload, damaged=not columns_fit(row, payload))

    async def _stream(self, query: str, shard: str) -> AsyncIterator[Any]:
        cursor = self._connection.cursor(query, shard, prefetch=PAGE)
        rows = aiter(cursor)
        while (row := await driver_call(next_row(rows))) is not None:
            yield row


async def next_row(rows: AsyncIterator[Any]) -> Any:
    """The next row of a cursor, or None at its end."""
    return await anext(rows, None)


def columns_fit(row: Any, payload: Payload) -> bool:
    """The columns that lists are filtered by must say what the header says."""
    header = orjson.loads(payload.header)
    columns = (row["event"], row["department"], utc_text(row["recorded_at"]))
    return columns == (header["event"], header["department"], header["time"])


@asynccontextmanager
async def open_database_evidence(
    dsn: str, keys: AuditKeys, state_dir: Path | None = None
) -> AsyncIterator[DatabaseEvidence]:
    """One snapshot of the log; with the checkpoint files of `state_dir`. Raises StorageError.

    A running writer does no harm: files are read before the snapshot is taken, and are never ahead of the database.
    """
    places = [] if state_dir is None else checkpoint_files(state_dir)
    notes = {place.shard: note for place in places if (note := place.read()) is not None}
    connection = await connect_database(dsn, SECONDS)
    try:
        await driver_call(connection.transaction(isolation="repeatable_read", readonly=True).start())
        yield DatabaseEvidence(connection, keys, notes)
    finally:
        connection.terminate()
