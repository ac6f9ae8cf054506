"""One database connection that holds the lock of one shard, and everything the writer does over it.

Every statement that adds to the log names the backend that took the lock, in the statement itself: if the
connection were ever served by another backend (a transaction pool), it would add nothing.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any, Final, Self

from hub.audit.database import Connection, connect_database, driver_call
from hub.audit.draft import LogRow
from schema.errors import ConfigurationError, StorageError

__all__ = ["ShardHeldError", "ShardSession"]

ENTRIES_PAGE: Final = 5_000
SEALED_PAGE: Final = 250

# One statement is one transaction and one round trip: both tables or neither (docs/audit-log.md, "Group commit").
INSERT_ROWS: Final = """
WITH batch AS MATERIALIZED (
    SELECT $1::text AS shard, $2::bigint + number - 1 AS position, entry, recorded_at, event, department, sealed
    FROM unnest($3::bytea[], $4::timestamptz[], $5::text[], $6::text[], $7::bytea[])
         WITH ORDINALITY AS rows (entry, recorded_at, event, department, sealed, number)
    WHERE pg_backend_pid() = $8
), payloads AS (
    INSERT INTO audit_payloads (shard, position, recorded_at, event, department, sealed)
    SELECT shard, position, recorded_at, event, department, sealed FROM batch
)
INSERT INTO audit_entries (shard, position, entry) SELECT shard, position, entry FROM batch
"""
INSERT_CHECKPOINT: Final = """
INSERT INTO audit_checkpoints (shard, size, signed_at, note)
SELECT $1, $2, $3, $4 WHERE pg_backend_pid() = $5 ON CONFLICT DO NOTHING
"""
HOLDS_LOCK: Final = """
SELECT pg_backend_pid() = $2 AND EXISTS (
    SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = $2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid::bigint << 32 | objid::bigint) = $1 AND objsubid = 1
)
"""
LAST_CHECKPOINT: Final = (
    "SELECT note FROM audit_checkpoints WHERE shard = $1 ORDER BY size DESC, signed_at DESC LIMIT 1"
)
READ_ENTRIES: Final = """
SELECT position, entry FROM audit_entries WHERE shard = $1 AND position >= $2 ORDER BY position LIMIT $3
"""
READ_SEALED: Final = """
SELECT e.position, e.entry, p.sealed FROM audit_entries e
LEFT JOIN audit_payloads p ON p.shard = e.shard AND p.position = e.position
WHERE e.shard = $1 AND e.position >= $2 ORDER BY e.position LIMIT $3
"""


class ShardHeldError(StorageError):
    """Another process writes this shard."""


def lock_number(shard: str) -> int:
    """The advisory lock of a shard: 63 bits of a digest of its name."""
    return int.from_bytes(hashlib.sha256(f"hub-audit/{shard}".encode()).digest()[:8]) >> 1


class ShardSession:
    """The one writer of a shard, for as long as its connection lives.

    Durability: `add` returns only after PostgreSQL has flushed the rows. Ordering: positions are the caller's, without
    gaps; a second writer would collide on the primary key. Loss of the connection is loss of the lock.
    """

    def __init__(self, connection: Connection, shard: str) -> None:
        self._connection = connection
        self._shard = shard
        self._pid = connection.get_server_pid()

    @classmethod
    async def claim(cls, dsn: str, shard: str, seconds: float) -> Self:
        """Connect and take the shard's lock; every command ends within `seconds`.

        Raises StorageError when the database is not reachable, ShardHeldError when another process holds the shard,
        ConfigurationError when the address leads through a connection pool.
        """
        session = cls(await connect_database(dsn, seconds), shard)
        try:
            await session._take_lock()
        except BaseException:
            session.end()
            raise
        return session

    async def _take_lock(self) -> None:
        """A pool invents the process id it announces, so a direct connection is one whose announcement is true."""
        pid, commit = await self._row("SELECT pg_backend_pid(), current_setting('synchronous_commit')")
        if pid != self._pid or commit != "on":
            raise ConfigurationError("the audit log needs a direct database connection, not a connection pool")
        if not await self._value("SELECT pg_try_advisory_lock($1)", lock_number(self._shard)):
            raise ShardHeldError(f"audit shard `{self._shard}` is held by another process")
        await self.check_lock()

    async def check_lock(self) -> None:
        """Raise StorageError unless this connection still holds the shard's lock."""
        if not await self._value(HOLDS_LOCK, lock_number(self._shard), self._pid):
            raise StorageError(f"audit shard `{self._shard}` has lost its lock")

    async def add(self, first: int, rows: Sequence[LogRow]) -> None:
        """Make the rows durable at positions `first`, `first` + 1, … in one transaction. Raises StorageError."""
        columns = (
            [row.entry for row in rows],
            [row.recorded_at for row in rows],
            [row.event for row in rows],
            [row.department for row in rows],
            [row.sealed for row in rows],
        )
        status = await self._execute(INSERT_ROWS, self._shard, first, *columns, self._pid)
        if status != f"INSERT 0 {len(rows)}":
            raise StorageError(f"audit shard `{self._shard}` has lost its lock")

    async def add_checkpoint(self, size: int, signed_at: datetime, note: str) -> None:
        """Keep a signed checkpoint. Raises StorageError."""
        await self._execute(INSERT_CHECKPOINT, self._shard, size, signed_at, note, self._pid)

    async def last_checkpoint(self) -> str | None:
        """The note of the largest checkpoint in the database, or None for a new shard."""
        note: str | None = await self._value(LAST_CHECKPOINT, self._shard)
        return note

    async def size(self) -> int:
        """One more than the last position in the database."""
        return int(
            await self._value("SELECT coalesce(max(position) + 1, 0) FROM audit_entries WHERE shard = $1", self._shard)
        )

    def entries(self, first: int) -> AsyncIterator[Sequence[Any]]:
        """Pages of `(position, entry)` of every row from position `first` on, in order."""
        return self._pages(READ_ENTRIES, first, ENTRIES_PAGE)

    def sealed(self, first: int) -> AsyncIterator[Sequence[Any]]:
        """Pages of `(position, entry, sealed payload or None)` of every row from position `first` on, in order."""
        return self._pages(READ_SEALED, first, SEALED_PAGE)

    @property
    def lost(self) -> bool:
        """Whether the connection is known to be gone."""
        return self._connection.is_closed()

    def on_loss(self, callback: Callable[[Any], None]) -> None:
        """Call `callback(connection)` as soon as the connection is lost."""
        self._connection.add_termination_listener(callback)

    async def release(self) -> None:
        """Give the lock back in good order."""
        try:
            await self._value("SELECT pg_advisory_unlock($1)", lock_number(self._shard))
        finally:
            self.end()

    def end(self) -> None:
        """Drop the connection, and with it the lock, without waiting."""
        self._connection.terminate()

    async def _value(self, query: str, *arguments: object) -> Any:
        return await driver_call(self._connection.fetchval(query, *arguments))

    async def _row(self, query: str) -> Any:
        return await driver_call(self._connection.fetchrow(query))

    async def _rows(self, query: str, *arguments: object) -> list[Any]:
        return await driver_call(self._connection.fetch(query, *arguments))

    async def _pages(self, query: str, first: int, size: int) -> AsyncIterator[Sequence[Any]]:
        page = await self._rows(query, self._shard, first, size)
        while page:
            yield page
            page = await self._rows(query, self._shard, page[-1]["position"] + 1, size)

    async def _execute(self, query: str, *arguments: object) -> str:
        return await driver_call(self._connection.execute(query, *arguments))
