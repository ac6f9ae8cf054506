"""Denials, folded: one record per client and code and minute, with a count, so that refusals cannot flood the log.

A denial releases nothing, so its record may follow; what is counted and not yet written is written at `close`.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from hub.audit.events import Event
from hub.audit.model import Receipt, Record
from hub.clock import Clock, now
from schema.errors import ClientError, ErrorCode
from schema.vocabulary import Department

__all__ = ["Denial", "DenialFolder", "OTHER_CLIENTS"]

LOG: Final = logging.getLogger(__name__)
OTHER_CLIENTS: Final = "other-clients"
"""Stands for every client that found the folder full."""


@dataclass(frozen=True, slots=True)
class Denial:
    """What is folded together. `client` must come from a verified token; before that it is empty."""

    department: Department
    client: str
    code: ErrorCode


class DenialFolder:
    """Counts denials and writes each count once a minute; bounded by `capacity` kinds of denial."""

    def __init__(
        self, write: Callable[[Record], Awaitable[Receipt]], clock: Clock = now, capacity: int = 4_096
    ) -> None:
        self._write = write
        self._clock = clock
        self._capacity = capacity
        self._counts: Counter[Denial] = Counter()

    def note(self, denial: Denial, count: int = 1) -> None:
        """Count a denial. Never waits, never fails."""
        if denial not in self._counts and len(self._counts) >= self._capacity:
            denial = Denial(Department.HUB, OTHER_CLIENTS, denial.code)
        self._counts[denial] += count

    async def run(self, seconds: float = 60.0) -> None:
        """Write what was counted every `seconds`, until cancelled."""
        while True:
            started = time.monotonic()
            await self.flush()
            await asyncio.sleep(max(0.0, seconds - (time.monotonic() - started)))

    async def flush(self) -> None:
        """Write what was counted; what cannot be written now is counted on."""
        for denial in list(self._counts):
            count = self._counts.pop(denial)
            try:
                await self._write(self._record(denial, count))
            except ClientError:
                self.note(denial, count)
            except BaseException:
                self.note(denial, count)
                raise

    async def close(self) -> None:
        """Write what is left; to be called before the writer is closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                await self.flush()
        if self._counts:
            LOG.error("%d denials could not be written to the audit log", self._counts.total())

    def _record(self, denial: Denial, count: int) -> Record:
        return Record(
            record_id=uuid4(),
            time=self._clock(),
            event=Event.DENIAL,
            department=denial.department,
            roles=(),
            client=denial.client,
            officer="",
            detail={"code": denial.code, "count": str(count)},
        )
