"""Reading the log: for auditors, for a department about its own look-ups, for a person about theirs. Never values.

Every reading is itself a record; writing that record is the caller's duty, because only the caller knows who reads.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from hub.audit.commitment import Payload, prove_subject, subject_token
from hub.audit.database import Connection, connect_database, driver_call
from hub.audit.database_evidence import list_shards
from hub.audit.keys import AuditKeys
from hub.audit.mac import KeyedHash
from hub.audit.merkle import inclusion_proof, leaf_hash
from hub.audit.note import claimed_size
from hub.audit.sealing import DIGEST, Opened, unseal_payload
from hub.audit.views import AccessProof, AccessView, RecordView
from schema.errors import StorageError
from schema.ids import MigrantId
from schema.vocabulary import Department

__all__ = ["AuditReader", "RecordFilter"]

LOG: Final = logging.getLogger(__name__)
SECONDS: Final = 30.0
PAGE: Final = 500
LIST: Final = """
SELECT shard, position, sealed FROM audit_payloads
WHERE ($1::text IS NULL OR department = $1) AND ($2::text IS NULL OR event = $2)
AND ($3::timestamptz IS NULL OR recorded_at < $3)
ORDER BY recorded_at DESC, shard, position DESC LIMIT $4
"""
INDEXED: Final = """
SELECT p.shard, p.position, p.sealed FROM audit_subject_index i
JOIN audit_payloads p USING (shard, position, recorded_at)
WHERE i.digest = $1 ORDER BY i.recorded_at DESC LIMIT $2
"""
FILLED: Final = "SELECT filled FROM audit_index_progress WHERE shard = $1"
TAIL: Final = """
SELECT shard, position, sealed FROM audit_payloads WHERE shard = $1 AND position >= $2 ORDER BY position LIMIT $3
"""
ONE: Final = """
SELECT e.entry, p.shard, p.position, p.sealed FROM audit_payloads p JOIN audit_entries e USING (shard, position)
WHERE p.shard = $1 AND p.position = $2
"""
CHECKPOINT: Final = "SELECT note FROM audit_checkpoints WHERE shard = $1 ORDER BY size DESC, signed_at DESC LIMIT 1"
ENTRIES: Final = "SELECT entry FROM audit_entries WHERE shard = $1 AND position < $2 ORDER BY position"


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records: of one department, of one event, before a time (UTC)."""

    department: Department | None = None
    event: str | None = None
    before: datetime | None = None


class AuditReader:
    """Reads over one connection. Made by `open`, ended by `close`. Every method raises StorageError."""

    def __init__(self, connection: Connection, keys: AuditKeys) -> None:
        self._connection = connection
        self._payloads = KeyedHash(keys.payload_key())
        self._tokens = KeyedHash(keys.audit_key())
        self._index = KeyedHash(keys.index_key())

    @classmethod
    async def open(cls, dsn: str, keys: AuditKeys) -> Self:
        """Connect."""
        return cls(await connect_database(dsn, SECONDS), keys)

    async def close(self) -> None:
        """End the connection."""
        await driver_call(self._connection.close())

    async def records(self, limit: int = 100, only: RecordFilter | None = None) -> list[RecordView]:
        """The newest records that fit, newest first. For auditors."""
        only = only or RecordFilter()
        rows = await self._fetch(LIST, only.department, only.event, only.before, limit)
        return [RecordView.from_payload(opened.payload) for opened in self._open_all(rows)]

    async def department_records(self, department: Department, limit: int = 100) -> list[RecordView]:
        """A department's own records, newest first."""
        return await self.records(limit, RecordFilter(department=department))

    async def subject_accesses(
        self, migrant: MigrantId, limit: int = 1_000, *, complete: bool = False
    ) -> list[AccessView]:
        """The newest records about one person, newest first.

        Found through the side index and by searching what it does not hold yet; `complete` searches every payload
        instead, so that a side index that was tampered with hides nothing (about 20 µs per record).
        """
        found: dict[tuple[str, int], AccessView] = {}
        # INVARIANT: the tail is searched before the index, so that what is filled meanwhile is seen by the second.
        for shard in await list_shards(self._connection):
            first = 0 if complete else int(await self._value(FILLED, shard) or 0)
            async for opened in self._tail(shard, first):
                self._keep(found, opened, migrant)
        digest = self._index.digest(migrant.bytes)[:DIGEST]
        for opened in self._open_all(await self._fetch(INDEXED, digest, limit)):
            self._keep(found, opened, migrant)
        newest = sorted(found.values(), key=lambda view: view.time, reverse=True)
        return newest[:limit]

    async def subject_proof(self, migrant: MigrantId, shard: str, position: int) -> AccessProof | None:
        """Proof of one of the person's accesses, or None when it is not theirs or no checkpoint covers it yet."""
        rows = await self._fetch(ONE, shard, position)
        note: str | None = await self._value(CHECKPOINT, shard)
        size = 0 if note is None else claimed_size(note)
        if not rows or note is None or size <= position:
            return None
        payload = unseal_payload(self._payloads, rows[0]["sealed"]).payload
        token = self._own_token(payload, migrant)
        if token is None:
            return None
        leaves = [leaf_hash(row["entry"]) for row in await self._fetch(ENTRIES, shard, size)]
        path = tuple(inclusion_proof(leaves, position))
        return AccessProof(prove_subject(payload, token), rows[0]["entry"], position, size, path, note)

    def _keep(self, found: dict[tuple[str, int], AccessView], opened: Opened, migrant: MigrantId) -> None:
        """Keep a record that is really about the person: the index is a hint, the token is the truth."""
        if self._own_token(opened.payload, migrant) is not None:
            view = AccessView.from_header(opened.payload.header)
            found[view.shard, view.position] = view

    def _own_token(self, payload: Payload, migrant: MigrantId) -> bytes | None:
        token = subject_token(self._tokens, migrant, AccessView.from_header(payload.header).record_id)
        return token if token in payload.tokens else None

    async def _tail(self, shard: str, first: int) -> AsyncIterator[Opened]:
        rows = await self._fetch(TAIL, shard, first, PAGE)
        while rows:
            for opened in self._open_all(rows):
                yield opened
            rows = await self._fetch(TAIL, shard, rows[-1]["position"] + 1, PAGE)

    def _open_all(self, rows: Sequence[Any]) -> list[Opened]:
        """The payloads that open; one that does not is passed over here, `hub audit verify` names it."""
        opened: list[Opened] = []
        for row in rows:
            try:
                opened.append(unseal_payload(self._payloads, row["sealed"]))
            except StorageError:
                LOG.error("the payload at position %d of audit shard %s does not open", row["position"], row["shard"])
        return opened

    async def _fetch(self, query: str, *arguments: object) -> list[Any]:
        return await driver_call(self._connection.fetch(query, *arguments))

    async def _value(self, query: str, *arguments: object) -> Any:
        return await driver_call(self._connection.fetchval(query, *arguments))
