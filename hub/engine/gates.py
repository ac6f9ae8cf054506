"""A source as the engine calls it: one batched call, bounded in time, behind a breaker, checked for shape.

Whatever goes wrong in a source ends here as a `Failed`; nothing of a driver's message goes further.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from connectors.contract import Checked, CheckRequest, Connector, Fetched
from hub.engine.needs import Wanted
from hub.engine.shape import Failed
from schema.catalogue import COLLECTIONS
from schema.errors import ErrorCode, SourceError
from schema.ids import CollectionName, SourceKey
from schema.vocabulary import Answer, Source, SourceStatus

__all__ = ["Breaker", "Gate", "Reports"]

_LOG = logging.getLogger(__name__)
_Result = TypeVar("_Result")


@dataclass(slots=True)
class Breaker:
    """Opens after `limit` failures in a row and lets one call try again after `pause` seconds."""

    limit: int = 5
    pause: float = 5.0
    clock: Callable[[], float] = time.monotonic
    failures: int = 0
    opened: float = 0.0

    def is_open(self) -> bool:
        """Whether a call would be refused now."""
        if self.failures < self.limit:
            return False
        if self.clock() - self.opened < self.pause:
            return True
        self.opened = self.clock()
        return False

    def note(self, *, failed: bool) -> None:
        """Note how a call went."""
        self.failures = self.failures + 1 if failed else 0
        if self.failures == self.limit:
            self.opened = self.clock()


@dataclass(slots=True)
class Reports:
    """How each source's calls went in one answer: the worst status, and the age of the oldest data."""

    statuses: dict[Source, SourceStatus] = field(default_factory=dict)
    ages: dict[Source, datetime] = field(default_factory=dict)

    def note(self, source: Source, status: SourceStatus, as_of: datetime | None = None) -> None:
        """Note one call."""
        worst = max(self.statuses.get(source, SourceStatus.OK), status, key=_SEVERITY.index)
        self.statuses[source] = worst
        if as_of is not None:
            self.ages[source] = min(as_of, self.ages.get(source, as_of))


_SEVERITY = [SourceStatus.OK, SourceStatus.STALE, SourceStatus.TIMEOUT, SourceStatus.UNAVAILABLE]


class Gate:
    """One source; `deadline` in seconds, for each call."""

    def __init__(self, connector: Connector, deadline: float, breaker: Breaker | None = None) -> None:
        self.connector = connector
        self._deadline = deadline
        self._breaker = breaker or Breaker()

    async def fetch(
        self, collection: CollectionName, keys: Sequence[SourceKey], wanted: Wanted, reports: Reports
    ) -> Fetched | Failed:
        """One collection for all keys; a result of the wrong shape counts as a failure of quality."""
        result = await self._call(lambda: self.connector.fetch(collection, keys, wanted.columns, wanted.rows), reports)
        if isinstance(result, Failed):
            return result
        if not _has_shape(result, len(keys), len(wanted.columns), single=COLLECTIONS[collection].single):
            reports.note(self.connector.source, SourceStatus.UNAVAILABLE)
            return Failed(ErrorCode.SOURCE_QUALITY)
        reports.note(self.connector.source, SourceStatus.STALE if result.stale else SourceStatus.OK, result.as_of)
        return result

    async def check(self, request: CheckRequest, keys: Sequence[SourceKey], reports: Reports) -> Checked | Failed:
        """One check for all keys."""
        result = await self._call(lambda: self.connector.check(request, keys), reports)
        if isinstance(result, Failed):
            return result
        if not _has_answers(result, len(keys)):
            reports.note(self.connector.source, SourceStatus.UNAVAILABLE)
            return Failed(ErrorCode.SOURCE_QUALITY)
        reports.note(self.connector.source, SourceStatus.OK, result.as_of)
        return result

    async def _call(self, call: Callable[[], Awaitable[_Result]], reports: Reports) -> _Result | Failed:
        source = self.connector.source
        if self._breaker.is_open():
            reports.note(source, SourceStatus.UNAVAILABLE)
            return Failed(ErrorCode.SOURCE_UNAVAILABLE)
        try:
            async with asyncio.timeout(self._deadline):
                result = await call()
        except TimeoutError:
            return self._failed(source, SourceStatus.TIMEOUT, ErrorCode.SOURCE_UNAVAILABLE, reports)
        except SourceError as error:
            _LOG.warning("source %s failed: %s", source.value, error)
            status = SourceStatus.TIMEOUT if error.timed_out else SourceStatus.UNAVAILABLE
            return self._failed(source, status, error.code, reports)
        except Exception as error:  # a connector's fault must not fail the others' answers
            _LOG.error("source %s failed with %s", source.value, type(error).__name__)
            return self._failed(source, SourceStatus.UNAVAILABLE, ErrorCode.SOURCE_UNAVAILABLE, reports)
        self._breaker.note(failed=False)
        return result

    def _failed(self, source: Source, status: SourceStatus, code: ErrorCode, reports: Reports) -> Failed:
        if code is not ErrorCode.SOURCE_QUALITY:  # one record that cannot be read is no department that is down
            self._breaker.note(failed=True)
        reports.note(source, status)
        return Failed(code)


def _has_shape(result: Fetched, keys: int, columns: int, *, single: bool) -> bool:
    try:
        if len(result.rows) != keys or result.as_of.tzinfo is None:
            return False
        if single and any(len(rows) > 1 for rows in result.rows):
            return False
        return all(len(row) == columns for rows in result.rows for row in rows)
    except (TypeError, AttributeError):  # a connector that breaks the contract altogether
        return False


def _has_answers(result: Checked, keys: int) -> bool:
    try:
        told = len(result.answers) == keys and result.as_of.tzinfo is not None
        return told and all(type(answer) is Answer for answer in result.answers)
    except (TypeError, AttributeError):
        return False
