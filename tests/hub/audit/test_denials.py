"""Denials: folded by client, code and flush; bounded; none lost while the log is away."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from hub.audit.denials import OTHER_CLIENTS, Denial, DenialFolder
from hub.audit.events import check_event
from hub.audit.model import Receipt, Record
from schema.errors import BusyError, ErrorCode
from schema.vocabulary import Department

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Log:
    """Takes records, or refuses them."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.away = False
        self.written = asyncio.Event()

    async def write(self, record: Record) -> Receipt:
        check_event(record)
        if self.away:
            raise BusyError(ErrorCode.AUDIT_UNAVAILABLE)
        self.records.append(record)
        self.written.set()
        return Receipt(record.record_id, "main", len(self.records) - 1)

    def counts(self) -> dict[tuple[str, str], str]:
        return {(record.client, record.detail["code"]): record.detail["count"] for record in self.records}


def denial(client: str = "desk", code: ErrorCode = ErrorCode.PURPOSE_REFUSED) -> Denial:
    return Denial(Department.EDUCATION, client, code)


def test_many_denials_are_one_record() -> None:
    """A thousand refusals of one client with one code become one record with their number."""
    log = Log()
    folder = DenialFolder(log.write, lambda: NOW)
    for _ in range(1_000):
        folder.note(denial())
    folder.note(denial(code=ErrorCode.CASE_REQUIRED))
    folder.note(denial("other"))
    asyncio.run(folder.flush())
    asyncio.run(folder.flush())
    assert log.counts() == {
        ("desk", "PURPOSE_REFUSED"): "1000",
        ("desk", "CASE_REQUIRED"): "1",
        ("other", "PURPOSE_REFUSED"): "1",
    }
    assert {record.time for record in log.records} == {NOW}
    assert {record.department for record in log.records} == {Department.EDUCATION}


def test_the_folder_is_bounded() -> None:
    """More clients than the folder holds are counted together; no refusal is lost."""
    log = Log()
    folder = DenialFolder(log.write, lambda: NOW, capacity=10)
    for number in range(500):
        folder.note(denial(f"client-{number}"))
    asyncio.run(folder.flush())
    assert len(log.records) == 11
    assert log.counts()[OTHER_CLIENTS, "PURPOSE_REFUSED"] == "490"


def test_denials_wait_for_the_log() -> None:
    """While the log is away nothing is lost and nothing fails; it is written afterwards."""
    log = Log()
    folder = DenialFolder(log.write, lambda: NOW)
    folder.note(denial())
    log.away = True
    asyncio.run(folder.flush())
    folder.note(denial())
    log.away = False
    asyncio.run(folder.close())
    assert log.counts() == {("desk", "PURPOSE_REFUSED"): "2"}


def test_counting_goes_on_by_itself() -> None:
    """While it runs, the folder writes by itself; when it is cancelled in the middle nothing is lost."""
    log = Log()
    folder = DenialFolder(log.write, lambda: NOW)

    async def run() -> None:
        running = asyncio.create_task(folder.run(0.01))
        folder.note(denial())
        await log.written.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(asyncio.wait_for(run(), 5))
    assert log.counts() == {("desk", "PURPOSE_REFUSED"): "1"}


def test_a_real_log_takes_denials(log: Any) -> None:
    """Folded denials fit the catalogue and stand in the log."""

    async def run() -> list[Any]:
        writer = await log.open()
        folder = DenialFolder(writer.write)
        folder.note(denial())
        await folder.close()
        await writer.close()
        rows: list[Any] = await log.fetch("SELECT event, department FROM audit_payloads")
        return rows

    assert [tuple(row) for row in asyncio.run(run())] == [("denial", "education")]
