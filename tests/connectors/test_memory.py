"""The memory connector fails on demand, and remembers what it was asked."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Fetched, RowFilter
from connectors.mapping_reader import read_mapping
from connectors.memory import Call, Fault, FaultKind, MemoryConnector
from connectors.opening import mapping_path
from schema.errors import ErrorCode, SourceError
from schema.ids import CollectionName, SourceKey
from schema.vocabulary import Source

LICENCES, PERSONS = CollectionName("business.licences"), CollectionName("business.persons")
A, B = SourceKey("A"), SourceKey("B")
ROWS: Any = {
    LICENCES: {A: [{"name": "示例店", "status": "ACTIVE"}], B: [{"name": "演示店", "status": "CANCELLED"}]},
    PERSONS: {A: [{"name": "张三"}]},
}


def connector(**options: Any) -> MemoryConnector:
    """Two persons with a licence each, under the demo city's mapping."""
    return MemoryConnector(read_mapping(mapping_path("demo-city", Source.BUSINESS)), ROWS, **options)


def fetch(memory: MemoryConnector, times: int = 1) -> list[Fetched | SourceError]:
    """Fetch licences of A and B so often."""

    async def work() -> list[Any]:
        return await asyncio.gather(
            *(memory.fetch(LICENCES, [A, B], ["name"], RowFilter()) for _ in range(times)), return_exceptions=True
        )

    return asyncio.run(work())


def test_rows_are_ours_already() -> None:
    """Rows written in our values come back as they were written; calls are remembered."""
    memory = connector()
    (found,) = fetch(memory)
    assert isinstance(found, Fetched)
    assert [list(rows) for rows in found.rows] == [[("示例店",)], [("演示店",)]]
    assert memory.calls == [Call(LICENCES, (A, B), ("name",), RowFilter())]


@pytest.mark.parametrize(
    ("kind", "code"), [(FaultKind.ERROR, ErrorCode.SOURCE_UNAVAILABLE), (FaultKind.RUBBISH, ErrorCode.SOURCE_QUALITY)]
)
def test_scripted_failures(kind: FaultKind, code: ErrorCode) -> None:
    """A scripted failure is used up by one fetch."""
    memory = connector()
    memory.fail_next(Fault(kind))
    first, second = fetch(memory, 2)
    assert isinstance(first, SourceError)
    assert first.code is code
    assert isinstance(second, Fetched)


def test_a_hang_ends_at_the_deadline() -> None:
    """A source that never answers times out."""
    memory = connector(deadline=0.05)
    memory.fail_next(Fault(FaultKind.HANG))
    (error,) = fetch(memory)
    assert isinstance(error, SourceError)
    assert error.timed_out


def test_a_delay_answers_late() -> None:
    """A delayed fetch answers all the same."""
    memory = connector()
    memory.fail_next(Fault(FaultKind.DELAY, seconds=0.01))
    assert isinstance(fetch(memory)[0], Fetched)


def test_a_fault_waits_for_its_collection() -> None:
    """A fault for one collection leaves the others alone."""
    memory = connector()
    memory.fail_next(Fault(FaultKind.ERROR, PERSONS))
    assert isinstance(fetch(memory)[0], Fetched)
    with pytest.raises(SourceError):
        asyncio.run(memory.fetch(PERSONS, [A], ["name"], RowFilter()))


def test_broken_answers() -> None:
    """Wrong length, order and types reach the caller, whose own checks they are for."""
    memory = connector()
    memory.fail_next(Fault(FaultKind.WRONG_LENGTH), Fault(FaultKind.WRONG_ORDER), Fault(FaultKind.WRONG_TYPE))
    short, turned, odd = fetch(memory, 3)
    assert isinstance(short, Fetched)
    assert isinstance(turned, Fetched)
    assert isinstance(odd, Fetched)
    assert len(short.rows) == 1
    assert turned.rows[0][0] == ("演示店",)
    assert not isinstance(odd.rows[0][0][0], str)


def test_age_can_be_set() -> None:
    """Data older than the mapping allows is stale."""
    old = datetime.now(UTC) - timedelta(days=32)
    (found,) = fetch(connector(as_of=old))
    assert isinstance(found, Fetched)
    assert (found.as_of, found.stale) == (old, True)


def test_any_mapping_will_do(tmp_path: Path) -> None:
    """A mapping of files, services or types serves the memory connector as well as one of tables."""
    for source in Source:
        memory = MemoryConnector(read_mapping(mapping_path("demo-city", source)), {})
        assert memory.source is source
