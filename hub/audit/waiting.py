"""Records on their way into the log, and the callers who wait for each."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hub.audit.draft import Draft
from schema.errors import BusyError, ErrorCode

__all__ = ["WaitingLine", "WaitingRecord", "fail_records"]

MOST_SUBJECTS: Final = 20_000
"""Subjects per batch, so that many large records do not make one huge transaction."""


@dataclass(frozen=True, slots=True, repr=False)
class WaitingRecord:
    """A draft, and the future of its position in the log."""

    draft: Draft
    position: asyncio.Future[int]

    def resolve(self, position: int) -> None:
        """The record is durable at this position."""
        if not self.position.done():
            self.position.set_result(position)

    def fail(self) -> None:
        """It is not known to be durable: no answer may leave."""
        if not self.position.done():
            self.position.set_exception(BusyError(ErrorCode.AUDIT_UNAVAILABLE))


class WaitingLine:
    """First come, first served, bounded."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._records: deque[WaitingRecord] = deque()

    def __len__(self) -> int:
        return len(self._records)

    def join(self, draft: Draft) -> asyncio.Future[int]:
        """The future position of the draft. Raises BusyError when the line is full."""
        if len(self._records) >= self._limit:
            raise BusyError(ErrorCode.BUSY)
        position: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._records.append(WaitingRecord(draft, position))
        return position

    def take(self, most: int) -> list[WaitingRecord]:
        """The first records of the line: at most `most`, and not many more than MOST_SUBJECTS subjects."""
        batch: list[WaitingRecord] = []
        subjects = 0
        while self._records and len(batch) < most and subjects < MOST_SUBJECTS:
            batch.append(self._records.popleft())
            subjects += len(batch[-1].draft.tokens)
        return batch

    def fail_all(self) -> None:
        """Turn everybody away."""
        fail_records(self._records)
        self._records.clear()


def fail_records(records: Iterable[WaitingRecord]) -> None:
    """Fail each of the records."""
    for record in records:
        record.fail()
