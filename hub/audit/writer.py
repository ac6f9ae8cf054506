"""The writer: one task per process, one shard per writer, many records per transaction.

    write() ─ draft ─> waiting line ─ up to 512 ─> one transaction ─ durable ─> every waiter gets its receipt

Contract. *Durability*: `write` returns only after PostgreSQL has flushed the record; when it raises, the record may or
may not be in the log, and no answer may leave. *Ordering*: positions have no gaps and follow the waiting line.
*Exclusion*: the shard belongs to the connection that holds its advisory lock; with the connection the writer loses
everything it was about to do. *Evidence*: when database or checkpoint are stale beyond the limit, `write` refuses.
"""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Self

from hub.audit.checkpoints import ShardPlace, sign_checkpoint
from hub.audit.draft import LogRow, Scribe
from hub.audit.index import IndexFiller
from hub.audit.keys import AuditKeys
from hub.audit.merkle import CompactRange, leaf_hash
from hub.audit.model import Receipt, Record
from hub.audit.replay import replay_shard
from hub.audit.session import ShardHeldError, ShardSession
from hub.audit.waiting import WaitingLine, WaitingRecord, fail_records
from hub.clock import Clock, now
from hub.config import AuditSettings
from schema.errors import BusyError, ErrorCode, InternalError, StorageError

__all__ = ["AuditWriter", "WriterMetrics", "WriterOptions"]

LOG: Final = logging.getLogger(__name__)
FIRST_BACK_OFF: Final = 0.1
LONGEST_BACK_OFF: Final = 5.0
SLICE: Final = 32
"""Rows finished between two turns of the event loop: about a millisecond."""


@dataclass(frozen=True, slots=True)
class WriterOptions:
    """How a writer runs: its limits, the clock that dates checkpoints, how long `open` waits for a held shard."""

    limits: AuditSettings = field(default_factory=AuditSettings)
    clock: Clock = now
    patience: float = 2.0


@dataclass(slots=True)
class WriterMetrics:
    """Counters since the writer was opened."""

    records: int = 0
    batches: int = 0
    checkpoints: int = 0
    openings: int = 0
    losses: int = 0
    refusals: int = 0
    checkpoint_failures: int = 0


class AuditWriter:
    """Writes the records of one process into one shard. Made by `open`, ended by `close`."""

    def __init__(self, dsn: str, keys: AuditKeys, place: ShardPlace, options: WriterOptions) -> None:
        self.metrics = WriterMetrics()
        self._dsn, self._keys, self._place = dsn, keys, place
        self._limits, self._clock = options.limits, options.clock
        self._scribe = Scribe(keys)
        self._line = WaitingLine(self._limits.queue)
        self._tree = CompactRange()
        self._session: ShardSession | None = None
        self._signed = 0
        self._signed_at = self._contact = time.monotonic()
        self._behind_since: float | None = None
        self._closing = False
        self._wake = asyncio.Event()
        self._filler = IndexFiller(dsn, keys, place.shard, self._limits.wait_seconds)
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(cls, dsn: str, keys: AuditKeys, place: ShardPlace, options: WriterOptions | None = None) -> Self:
        """Claim the shard, rebuild its tree from its rows, and start writing.

        Raises StorageError when the database is not reachable, the shard is held by another process, or its rows
        contradict its checkpoints; ConfigurationError when the address leads through a connection pool.
        """
        options = options or WriterOptions()
        writer = cls(dsn, keys, place, options)
        session = await writer._claim_patiently(options.patience)
        writer._tasks = [
            asyncio.create_task(writer._run(session), name="audit-writer"),
            asyncio.create_task(writer._filler.run(writer._limits.checkpoint_seconds), name="audit-index"),
        ]
        return writer

    @property
    def shard(self) -> str:
        """Name of the shard."""
        return self._place.shard

    @property
    def size(self) -> int:
        """Number of durable records in the shard."""
        return self._tree.size

    @property
    def healthy(self) -> bool:
        """Whether the shard is held, its database was heard of and its checkpoint kept up within the limit."""
        if self._closing or self._session is None or self._session.lost:
            return False
        oldest = time.monotonic() - self._limits.stale_seconds
        return self._contact > oldest and (self._behind_since is None or self._behind_since > oldest)

    async def write(self, record: Record) -> Receipt:
        """Make one record durable; only then its receipt.

        Raises BusyError (AUDIT_UNAVAILABLE, or BUSY when too many wait) and InternalError for a record that is not in
        the catalogue. Whatever it raises: nothing of the answer may leave.
        """
        self._refuse_unless_healthy()
        draft = await self._scribe.draft(record)
        self._refuse_unless_healthy()
        waiting = self._line.join(draft)
        self._wake.set()
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                position = await waiting
        except TimeoutError:
            raise BusyError(ErrorCode.AUDIT_UNAVAILABLE) from None
        return Receipt(record.record_id, self.shard, position)

    async def close(self) -> None:
        """Write what waits, sign a last checkpoint, fill the side index, give the shard back. Safe to call twice."""
        self._closing = True
        self._wake.set()
        for task in self._tasks[1:]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.wait_seconds):
                await self._filler.catch_up()
        self._filler.end()

    def _refuse_unless_healthy(self) -> None:
        if not self.healthy:
            self.metrics.refusals += 1
            raise BusyError(ErrorCode.AUDIT_UNAVAILABLE)

    # Holding the shard: the first claim and every later one are the same.

    async def _claim(self) -> ShardSession:
        session = await ShardSession.claim(self._dsn, self.shard, self._limits.wait_seconds)
        try:
            # INVARIANT: the tree is replaced only by one that its checkpoints confirm.
            tree = self._tree.copy()
            self._signed = await replay_shard(session, self._place, self._keys, tree)
        except BaseException:
            session.end()
            raise
        session.on_loss(lambda _: self._wake.set())
        self._tree, self._session = tree, session
        self._contact = time.monotonic()
        self._behind_since = None if tree.size == self._signed else self._contact
        self.metrics.openings += 1
        return session

    async def _claim_patiently(self, patience: float) -> ShardSession:
        """Claim, waiting for another process that is about to end."""
        deadline = time.monotonic() + patience
        while True:
            try:
                return await self._claim()
            except ShardHeldError:
                if time.monotonic() >= deadline:
                    raise
                await asyncio.sleep(FIRST_BACK_OFF)

    async def _reclaim(self) -> ShardSession | None:
        """Claim again with growing pauses; None when the writer is closed meanwhile."""
        pause = FIRST_BACK_OFF
        while not self._closing:
            try:
                return await self._claim()
            except InternalError as error:
                LOG.error("audit shard %s is still lost: %s", self.shard, error)
            await self._sleep(pause)
            pause = min(2 * pause, LONGEST_BACK_OFF)
        return None

    async def _run(self, first: ShardSession) -> None:
        session: ShardSession | None = first
        try:
            while session is not None:
                try:
                    await self._serve(session)
                    return
                except Exception as error:  # whatever went wrong, the shard is claimed anew
                    self._lose(session, error)
                session = await self._reclaim()
        finally:
            self._session = None
            self._line.fail_all()

    def _lose(self, session: ShardSession, error: Exception) -> None:
        reason = str(error) if isinstance(error, InternalError) else type(error).__name__
        LOG.error("audit shard %s is lost: %s", self.shard, reason)
        self.metrics.losses += 1
        self._session = None
        session.end()
        self._line.fail_all()

    # Writing, while the shard is held.

    async def _serve(self, session: ShardSession) -> None:
        """Commit, sign and keep in touch until closed. Raises StorageError when the session is lost."""
        while self._line or not self._closing:
            if not self._line:
                await self._sleep(self._limits.checkpoint_seconds)
            if session.lost:
                raise StorageError("its connection ended")
            if self._line:
                await self._commit_batch(session)
            elif self._due(self._contact):
                await session.check_lock()
                self._contact = time.monotonic()
            if self._due(self._signed_at):
                await self._sign(session)
        await self._sign(session)
        await session.release()

    def _due(self, last: float) -> bool:
        return time.monotonic() - last >= self._limits.checkpoint_seconds

    async def _sleep(self, seconds: float) -> None:
        """Until woken by a record, the loss of the session or `close`; at most so many seconds."""
        if self._closing:
            return
        self._wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _commit_batch(self, session: ShardSession) -> None:
        batch = self._line.take(self._limits.batch)
        first = self._tree.size
        try:
            rows = await self._finish_rows(batch, first)
            await session.add(first, rows)
        except BaseException:
            fail_records(batch)
            raise
        for row in rows:
            self._tree.append(leaf_hash(row.entry))
        for position, waiting in enumerate(batch, first):
            waiting.resolve(position)
        self._contact = time.monotonic()
        self._behind_since = self._behind_since or self._contact
        self.metrics.batches += 1
        self.metrics.records += len(batch)

    async def _finish_rows(self, batch: list[WaitingRecord], first: int) -> list[LogRow]:
        rows: list[LogRow] = []
        for position, waiting in enumerate(batch, first):
            rows.append(self._scribe.finish(waiting.draft, self.shard, position))
            if len(rows) % SLICE == 0:
                await asyncio.sleep(0)
        return rows

    async def _sign(self, session: ShardSession) -> None:
        """Sign the tree and keep the checkpoint in both places; a file that cannot be written is tried again."""
        size = self._tree.size
        if size == self._signed:
            return
        self._signed_at = time.monotonic()
        note = sign_checkpoint(self._keys, self.shard, size, self._tree.root())
        await session.add_checkpoint(size, self._clock(), note)
        try:
            await asyncio.to_thread(self._place.write, note)
        except StorageError as error:
            LOG.error("%s", error)
            self.metrics.checkpoint_failures += 1
            return
        self._signed, self._behind_since = size, None
        self.metrics.checkpoints += 1
