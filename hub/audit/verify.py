"""Verification: rebuild each tree from its rows, compare with every checkpoint, open every payload.

Checkpoints divide a shard into intervals. Payloads say what the entries should be. If the tree of the entries fits the
checkpoint, what differs in the interval are edited payloads; if the tree of what they should be fits, edited entries.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import orjson

from hub.audit.commitment import Payload, entry_of
from hub.audit.evidence import Evidence, EvidenceRow
from hub.audit.findings import Finding, FindingKind, Report, ShardReport
from hub.audit.merkle import CompactRange, leaf_hash
from hub.audit.note import Checkpoint, NoteError, checkpoint_of, claimed_size
from hub.audit.ranges import RangeSet

__all__ = ["verify_log"]

MOST_KEPT: Final = 10_000
"""Positions remembered per kind, so that a log damaged everywhere does not fill memory."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure record: payloads of these positions are gone on purpose."""

    shard: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, repr=False)
class Mismatch:
    """An entry and what its payload says it should be (None where the payload does not open)."""

    position: int
    entry: bytes
    expected: bytes | None


async def verify_log(evidence: Evidence) -> Report:
    """Verify every shard. Raises StorageError when the evidence cannot be read."""
    checks = [await verify_shard(evidence, shard) for shard in await evidence.shards()]
    erasures = [erasure for check in checks for erasure in check.erasures]
    for check in checks:
        check.judge_missing(erasures, blind=evidence.blind)
    return Report([check.report for check in checks])


async def verify_shard(evidence: Evidence, shard: str) -> "ShardCheck":
    """Read one shard to its end."""
    check = ShardCheck(shard)
    heads = read_heads(evidence, shard, check)
    await check.expect(heads)
    async for row in evidence.rows(shard):
        check.take(row)
        await check.compare(heads)
    await check.finish(heads)
    return check


async def read_heads(evidence: Evidence, shard: str, check: "ShardCheck") -> AsyncIterator[Checkpoint]:
    """The shard's signed checkpoints; those with a bad signature become findings."""
    async for note in evidence.notes(shard):
        try:
            yield checkpoint_of(note, evidence.key(shard))
            check.report.checkpoints += 1
        except NoteError:
            check.find(FindingKind.SIGNATURE, max(0, claimed_size(note) - 1))


class ShardCheck:
    """The state of verifying one shard, in memory that does not grow with its length."""

    def __init__(self, shard: str) -> None:
        self.report = ShardReport(shard)
        self.erasures: list[Erasure] = []
        self._tree = CompactRange()
        self._repaired: CompactRange | None = None
        self._mismatches: list[Mismatch] = []
        self._edited: list[Mismatch] = []
        self._displaced: dict[int, int] = {}
        self._missing = RangeSet()
        self._bare = RangeSet()
        self._next = 0
        self._intact_until = 0
        self._orphan: int | None = None
        self._lost: tuple[int, int] | None = None
        self._head: Checkpoint | None = None
        self._largest = 0

    def find(self, kind: FindingKind, first: int, last: int | None = None) -> None:
        """Note a finding."""
        if len(self.report.findings) < MOST_KEPT:
            self.report.findings.append(Finding(kind, self.report.shard, first, first if last is None else last))

    # Rows

    def take(self, row: EvidenceRow) -> None:
        """Take the next row."""
        if row.entry is None:
            self._orphan = row.position if self._orphan is None else self._orphan
            return
        self.report.entries += 1
        self._place(row.position)
        expected = self._judge_payload(row, row.entry)
        if expected is not row.entry and self._repaired is None:
            self._repaired = self._tree.copy()
        if self._repaired is not None:
            self._repaired.append(leaf_hash(expected))
        self._tree.append(leaf_hash(row.entry))

    def _place(self, position: int) -> None:
        """Positions must follow one another."""
        if position > self._next:
            self._missing.add(self._next, position - 1)
        elif position < self._next:
            self._missing.discard(position)
            self.find(FindingKind.REORDERING, position)
        self._next = max(self._next, position + 1)

    def _judge_payload(self, row: EvidenceRow, entry: bytes) -> bytes:
        """What the row's payload says the entry should be; the entry itself where there is nothing to compare."""
        if row.payload is None and not row.damaged:
            self._bare.add(row.position, row.position)
            return entry
        self.report.payloads += 1
        computed = None if row.payload is None else entry_of(row.payload)
        if row.payload is not None and computed == entry:
            self._read_header(row.payload, row.position)
            if not row.damaged:
                return entry
        if len(self._mismatches) < MOST_KEPT:
            self._mismatches.append(Mismatch(row.position, entry, computed))
        return entry if computed is None or computed == entry else computed

    def _read_header(self, payload: Payload, position: int) -> None:
        """A committed header says where it belongs, and which payloads were erased on purpose."""
        try:
            header = orjson.loads(payload.header)
            claimed = header["position"] if header["shard"] == self.report.shard else -1
            if header["event"] == "erasure":
                detail = header["detail"]
                self.erasures.append(Erasure(detail["shard"], int(detail["first"]), int(detail["last"])))
        except (ValueError, KeyError, TypeError):
            self.find(FindingKind.PAYLOAD, position)
            return
        if claimed != position and len(self._displaced) < MOST_KEPT:
            self._displaced[position] = claimed

    # Checkpoints

    async def expect(self, heads: AsyncIterator[Checkpoint]) -> None:
        """Look at the next checkpoint."""
        self._head = await anext(heads, None)
        if self._head is not None:
            self._largest = max(self._largest, self._head.size)

    async def compare(self, heads: AsyncIterator[Checkpoint]) -> None:
        """Compare with every checkpoint of the tree's size."""
        roots: set[bytes] = set()
        while self._head is not None and self._head.size <= self._tree.size:
            if self._head.size == self._tree.size:
                roots.add(self._head.root)
            await self.expect(heads)
        if len(roots) > 1:
            self.find(FindingKind.FORK, self._tree.size - 1)
        if roots and self._lost is None:
            self._compare_roots(roots)

    def _compare_roots(self, roots: set[bytes]) -> None:
        if self._tree.root() in roots:
            for mismatch in self._mismatches:
                self.find(FindingKind.PAYLOAD, mismatch.position)
        elif self._repaired is not None and self._repaired.root() in roots:
            self._tree = self._repaired
            self._settle_repaired()
        else:
            self._lost = (self._intact_until, self._tree.size - 1)
            return
        self._mismatches = []
        self._repaired = None
        self._intact_until = self._tree.size

    def _settle_repaired(self) -> None:
        """The checkpoint confirms what the payloads say; a payload that says nothing else was damaged itself."""
        for mismatch in self._mismatches:
            if mismatch.expected in (None, mismatch.entry):
                self.find(FindingKind.PAYLOAD, mismatch.position)
            else:
                self._edited.append(mismatch)

    # The end

    async def finish(self, heads: AsyncIterator[Checkpoint]) -> None:
        """All rows are read: what is left over."""
        while self._head is not None:
            await self.expect(heads)
        self.report.root = self._tree.root().hex()
        self.report.unsigned = max(0, self._next - self._largest)
        for first, last in self._missing:
            self.find(FindingKind.DELETION, first, last)
        self._judge_displaced()
        if self._lost is not None and not self._explained(*self._lost):
            short = self._largest > self._next
            self.find(FindingKind.DELETION if short else FindingKind.EDIT, *self._lost)
        elif self._largest > self._next and not self._displaced:
            self.find(FindingKind.TRUNCATION, self._next, self._largest - 1)
        elif self._orphan is not None and self._orphan >= self._next:
            self.find(FindingKind.TRUNCATION, self._next, self._orphan)
        self._judge_edited([*self._edited, *self._mismatches])

    def _judge_edited(self, edited: list[Mismatch]) -> None:
        """An entry that belongs to another position was moved, any other was edited."""
        belonging = {mismatch.expected for mismatch in edited}
        for mismatch in edited:
            moved = mismatch.entry in belonging and mismatch.entry != mismatch.expected
            self.find(FindingKind.REORDERING if moved else FindingKind.EDIT, mismatch.position)

    def _judge_displaced(self) -> None:
        """Rows that moved together with their payloads: exchanged among themselves, or shifted by a hole or a guest."""
        if not self._displaced:
            return
        first = min(self._displaced)
        shift = self._displaced[first] - first
        if set(self._displaced.values()) == set(self._displaced):
            for position in sorted(self._displaced):
                self.find(FindingKind.REORDERING, position)
        elif shift > 0:
            self.find(FindingKind.DELETION, first, first + shift - 1)
        else:
            self.find(FindingKind.EDIT, first)

    def _explained(self, first: int, last: int) -> bool:
        """Whether a broken interval is named already, by exact position."""
        positions = [*self._displaced, *(mismatch.position for mismatch in self._mismatches)]
        positions += [finding.first for finding in self.report.findings if finding.kind != FindingKind.SIGNATURE]
        return any(first <= position <= last for position in positions)

    def judge_missing(self, erasures: list[Erasure], *, blind: bool) -> None:
        """Payloads that are gone without an erasure record."""
        if blind:
            return
        for erasure in erasures:
            if erasure.shard == self.report.shard:
                self._bare.remove(erasure.first, erasure.last)
        for first, last in self._bare:
            self.find(FindingKind.PAYLOAD, first, last)
