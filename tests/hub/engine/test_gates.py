"""A source as the engine calls it: bounded in time, behind a breaker, checked for shape."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.contract import Checked, CheckRequest, Fetched, RowFilter
from hub.engine.gates import Breaker, Gate, Reports
from hub.engine.needs import Wanted
from hub.engine.shape import Failed
from schema.errors import ErrorCode, SourceError
from schema.ids import CollectionName, SourceKey
from schema.vocabulary import Answer, Source, SourceStatus
from tests.hub.engine.desk import AS_OF, TODAY

PERSONS, PERMITS = CollectionName("police.persons"), CollectionName("police.residence_permits")
KEYS = [SourceKey("K1"), SourceKey("K2")]
WANTED = Wanted(("name", "sex"), RowFilter())
REQUEST = CheckRequest("permitValid", TODAY)
SECRET = "SELECT * FROM persons WHERE name = '王小明'"


@dataclass
class ScriptedSource:
    """A connector that does what it is told; `calls` counts."""

    work: Callable[[], Awaitable[Any]]
    source: Source = Source.POLICE
    synthetic: bool = True
    calls: int = 0

    async def fetch(self, *_: object) -> Any:
        """Whatever the script gives."""
        self.calls += 1
        return await self.work()

    async def check(self, *_: object) -> Any:
        """Whatever the script gives."""
        return await self.fetch()


def giving(value: Any) -> Callable[[], Awaitable[Any]]:
    """A script that answers this."""

    async def work() -> Any:
        return value

    return work


def raising(error: BaseException) -> Callable[[], Awaitable[Any]]:
    """A script that fails so."""

    async def work() -> Any:
        raise error

    return work


async def hanging() -> Any:
    """A script that never answers."""
    await asyncio.Event().wait()


def fetched(
    work: Callable[[], Awaitable[Any]], keys: Sequence[SourceKey] = KEYS, collection: CollectionName = PERMITS
) -> tuple[Any, Reports]:
    """The result of one fetch through a gate, and its report."""
    reports = Reports()
    gate = Gate(ScriptedSource(work), 0.05)  # type: ignore[arg-type]
    return asyncio.run(gate.fetch(collection, keys, WANTED, reports)), reports


def rows(*found: Sequence[tuple[Any, ...]], as_of: Any = AS_OF, stale: bool = False) -> Fetched:
    """An answer of a source."""
    return Fetched(found, as_of, stale)


def test_an_answer_of_the_right_shape_passes() -> None:
    """Rows, age and status are passed on."""
    answer = rows([("王", "MALE")], [])
    result, reports = fetched(giving(answer))
    assert result is answer
    assert (reports.statuses, reports.ages) == ({Source.POLICE: SourceStatus.OK}, {Source.POLICE: AS_OF})


def test_old_data_is_marked_stale() -> None:
    """It is still an answer."""
    result, reports = fetched(giving(rows([], [], stale=True)))
    assert isinstance(result, Fetched)
    assert reports.statuses == {Source.POLICE: SourceStatus.STALE}


@pytest.mark.parametrize(
    "answer",
    [
        rows([("王", "MALE")]),
        rows([], [], []),
        rows([("王",)], []),
        rows([("王", "MALE", "more")], []),
        rows([], [("王", "MALE"), ("王", "MALE", 3)]),
        rows(None, []),  # type: ignore[arg-type]
        rows([None], []),  # type: ignore[list-item]
        rows([], [], as_of=None),
        rows([], [], as_of=datetime(2026, 11, 20)),
        Fetched(None, AS_OF),  # type: ignore[arg-type]
        None,
        "rubbish",
    ],
)
def test_an_answer_of_a_wrong_shape_is_a_failure_of_quality(answer: Any) -> None:
    """Whatever a connector sends instead of rows for these keys ends here, and fails nobody else."""
    result, reports = fetched(giving(answer))
    assert result == Failed(ErrorCode.SOURCE_QUALITY)
    assert reports.statuses == {Source.POLICE: SourceStatus.UNAVAILABLE}


def test_two_rows_where_one_is_possible_are_a_failure_of_quality() -> None:
    """A person has one row in a collection of persons."""
    twice = giving(rows([("王", "MALE"), ("李", "MALE")], []))
    assert fetched(twice, collection=PERSONS)[0] == Failed(ErrorCode.SOURCE_QUALITY)
    assert isinstance(fetched(twice)[0], Fetched)


@pytest.mark.parametrize(
    ("work", "code", "status"),
    [
        (hanging, ErrorCode.SOURCE_UNAVAILABLE, SourceStatus.TIMEOUT),
        (raising(TimeoutError()), ErrorCode.SOURCE_UNAVAILABLE, SourceStatus.TIMEOUT),
        (
            raising(SourceError(ErrorCode.SOURCE_UNAVAILABLE, "too slow", timed_out=True)),
            ErrorCode.SOURCE_UNAVAILABLE,
            SourceStatus.TIMEOUT,
        ),
        (
            raising(SourceError(ErrorCode.SOURCE_UNAVAILABLE, "refused")),
            ErrorCode.SOURCE_UNAVAILABLE,
            SourceStatus.UNAVAILABLE,
        ),
        (
            raising(SourceError(ErrorCode.SOURCE_QUALITY, "not understood")),
            ErrorCode.SOURCE_QUALITY,
            SourceStatus.UNAVAILABLE,
        ),
        (raising(ValueError(SECRET)), ErrorCode.SOURCE_UNAVAILABLE, SourceStatus.UNAVAILABLE),
    ],
)
def test_failures_become_values(work: Any, code: ErrorCode, status: SourceStatus) -> None:
    """Slow, away, not understood or broken: a code and a status, never an exception."""
    result, reports = fetched(work)
    assert result == Failed(code)
    assert reports.statuses == {Source.POLICE: status}


def test_nothing_of_a_drivers_message_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Of an unexpected error the log has the source and the class."""
    with caplog.at_level(logging.WARNING):
        fetched(raising(ValueError(SECRET)))
    assert [record.getMessage() for record in caplog.records] == ["source police failed with ValueError"]
    assert caplog.records[0].exc_info is None


def test_cancelling_a_request_cancels_its_call() -> None:
    """A cancelled request is not taken for a slow source."""

    async def work() -> Reports:
        reports = Reports()
        gate = Gate(ScriptedSource(hanging), 5.0)  # type: ignore[arg-type]
        task = asyncio.ensure_future(gate.fetch(PERMITS, KEYS, WANTED, reports))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return reports

    assert asyncio.run(work()).statuses == {}


@pytest.mark.parametrize(
    "answer",
    [
        Checked([Answer.YES], AS_OF),
        Checked([Answer.YES, "NO"], AS_OF),  # type: ignore[list-item]
        Checked([Answer.YES, None], AS_OF),  # type: ignore[list-item]
        Checked([Answer.YES, Answer.NO], None),  # type: ignore[arg-type]
        Checked(None, AS_OF),  # type: ignore[arg-type]
        None,
    ],
)
def test_answers_of_a_wrong_shape(answer: Any) -> None:
    """One answer for each key, of the three there are."""
    reports = Reports()
    gate = Gate(ScriptedSource(giving(answer)), 1.0)  # type: ignore[arg-type]
    assert asyncio.run(gate.check(REQUEST, KEYS, reports)) == Failed(ErrorCode.SOURCE_QUALITY)
    assert reports.statuses == {Source.POLICE: SourceStatus.UNAVAILABLE}


class Ticking:
    """A clock that is moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_breaker_opens_after_failures_in_a_row() -> None:
    """A source that keeps failing is left alone; a success in between starts the count anew."""
    clock = Ticking()
    breaker = Breaker(limit=3, pause=5.0, clock=clock)
    for failed in (True, True, False, True, True):
        breaker.note(failed=failed)
        assert not breaker.is_open()
    breaker.note(failed=True)
    assert breaker.is_open()


def test_an_open_breaker_lets_one_call_try_again() -> None:
    """After the pause one call goes through and the others wait for how it ends."""
    clock = Ticking()
    breaker = Breaker(limit=1, pause=5.0, clock=clock)
    breaker.note(failed=True)
    clock.now += 4.9
    assert breaker.is_open()
    clock.now += 0.2
    assert not breaker.is_open()
    assert breaker.is_open()
    breaker.note(failed=True)
    assert breaker.is_open()
    clock.now += 5.1
    assert not breaker.is_open()
    breaker.note(failed=False)
    assert not breaker.is_open()
    assert not breaker.is_open()


def test_an_open_breaker_answers_at_once_without_a_call() -> None:
    """It shows as a source that is not available."""
    clock = Ticking()
    source = ScriptedSource(raising(SourceError(ErrorCode.SOURCE_UNAVAILABLE, "away")))
    gate = Gate(source, 1.0, Breaker(limit=2, pause=5.0, clock=clock))  # type: ignore[arg-type]

    async def ask() -> list[Reports]:
        found = []
        for _ in range(4):
            found.append(Reports())
            assert await gate.fetch(PERMITS, KEYS, WANTED, found[-1]) == Failed(ErrorCode.SOURCE_UNAVAILABLE)
        return found

    reports = asyncio.run(ask())
    assert source.calls == 2
    assert all(one.statuses == {Source.POLICE: SourceStatus.UNAVAILABLE} for one in reports)
    clock.now += 6
    source.work = giving(rows([], []))
    assert isinstance(asyncio.run(gate.fetch(PERMITS, KEYS, WANTED, Reports())), Fetched)
    assert isinstance(asyncio.run(gate.fetch(PERMITS, KEYS, WANTED, Reports())), Fetched)


def test_a_record_that_cannot_be_read_does_not_close_the_department() -> None:
    """Answers of bad quality fail their own request and leave the breaker alone."""
    source = ScriptedSource(raising(SourceError(ErrorCode.SOURCE_QUALITY, "not understood")))
    gate = Gate(source, 1.0, Breaker(limit=2))  # type: ignore[arg-type]

    async def ask() -> None:
        for _ in range(4):
            assert await gate.fetch(PERMITS, KEYS, WANTED, Reports()) == Failed(ErrorCode.SOURCE_QUALITY)

    asyncio.run(ask())
    assert source.calls == 4


def test_a_report_tells_the_worst_status_and_the_oldest_data() -> None:
    """Of several calls to one source."""
    reports = Reports()
    older = AS_OF - timedelta(days=1)
    reports.note(Source.POLICE, SourceStatus.STALE, AS_OF)
    reports.note(Source.POLICE, SourceStatus.OK, older)
    reports.note(Source.POLICE, SourceStatus.TIMEOUT)
    reports.note(Source.POLICE, SourceStatus.OK, AS_OF)
    reports.note(Source.HEALTH, SourceStatus.OK)
    assert reports.statuses == {Source.POLICE: SourceStatus.TIMEOUT, Source.HEALTH: SourceStatus.OK}
    assert reports.ages == {Source.POLICE: older}
