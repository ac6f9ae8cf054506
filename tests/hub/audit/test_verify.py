"""Verification finds every kind of tampering, names it, and says where."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.audit.checkpoints import sign_checkpoint
from hub.audit.database_evidence import open_database_evidence
from hub.audit.draft import Scribe
from hub.audit.findings import FindingKind, Report
from hub.audit.keys import MemoryKeys
from hub.audit.model import Record
from hub.audit.verify import verify_log

COUNT = 30
BOTH = ("audit_entries", "audit_payloads")


def verify(log: Any, *, files: bool = True) -> Report:
    async def run() -> Report:
        state_dir = log.place.state_dir if files else None
        async with open_database_evidence(log.url, log.keys, state_dir) as evidence:
            return await verify_log(evidence)

    return asyncio.run(run())


def found(log: Any) -> set[tuple[FindingKind, int, int]]:
    return {(finding.kind, finding.first, finding.last) for finding in verify(log).findings}


def move(table: str, places: dict[int, int]) -> list[str]:
    """Renumber rows; by way of negative numbers, because positions are unique."""
    cases = " ".join(f"WHEN {old} THEN {-new - 1}" for old, new in places.items())
    chosen = ", ".join(map(str, places))
    return [
        f"UPDATE {table} SET position = CASE position {cases} END WHERE position IN ({chosen})",  # noqa: S608
        f"UPDATE {table} SET position = -position - 1 WHERE position < 0",  # noqa: S608
    ]


def swap(one: int, other: int, *tables: str) -> list[str]:
    return [statement for table in tables for statement in move(table, {one: other, other: one})]


def shift(first: int, by: int) -> list[str]:
    places = {old: old + by for old in range(first, COUNT)}
    return [statement for table in BOTH for statement in move(table, places)]


def delete(condition: str, *tables: str) -> list[str]:
    return [f"DELETE FROM {table} WHERE {condition}" for table in tables]  # noqa: S608


E, P = BOTH
EDIT, DELETION, TRUNCATION = FindingKind.EDIT, FindingKind.DELETION, FindingKind.TRUNCATION
REORDERING, SIGNATURE, PAYLOAD = FindingKind.REORDERING, FindingKind.SIGNATURE, FindingKind.PAYLOAD
CASES: dict[str, tuple[list[str], set[tuple[FindingKind, int, int]]]] = {
    "entry edited": (["UPDATE audit_entries SET entry = entry || 'x' WHERE position = 10"], {(EDIT, 10, 10)}),
    "two entries edited": (
        ["UPDATE audit_entries SET entry = entry || 'x' WHERE position IN (3, 25)"],
        {(EDIT, 3, 3), (EDIT, 25, 25)},
    ),
    "entry deleted": (delete("position = 10", E), {(DELETION, 10, 10)}),
    "row deleted": (delete("position BETWEEN 10 AND 12", *BOTH), {(DELETION, 10, 12)}),
    "row deleted and gap closed": ([*delete("position = 10", *BOTH), *shift(11, -1)], {(DELETION, 10, 10)}),
    "end deleted": (delete("position >= 28", *BOTH), {(TRUNCATION, 28, 29)}),
    "end deleted, payloads left": (delete("position >= 28", E), {(TRUNCATION, 28, 29)}),
    "end deleted with its checkpoints": (
        [*delete("position >= 5", *BOTH), *delete("size > 5", "audit_checkpoints")],
        {(TRUNCATION, 5, 29)},
    ),
    "shard deleted": ([*delete("true", *BOTH, "audit_checkpoints")], {(TRUNCATION, 0, 29)}),
    "entries swapped": (swap(10, 12, E), {(REORDERING, 10, 10), (REORDERING, 12, 12)}),
    "entries swapped over a checkpoint": (swap(3, 20, E), {(REORDERING, 3, 3), (REORDERING, 20, 20)}),
    "rows swapped": (swap(10, 12, *BOTH), {(REORDERING, 10, 10), (REORDERING, 12, 12)}),
    "payloads swapped": (swap(10, 12, P), {(PAYLOAD, 10, 10), (PAYLOAD, 12, 12)}),
    "payload edited": (
        ["UPDATE audit_payloads SET sealed = set_byte(sealed, 60, get_byte(sealed, 60) # 1) WHERE position = 10"],
        {(PAYLOAD, 10, 10)},
    ),
    "payload's column edited": (
        ["UPDATE audit_payloads SET department = 'health' WHERE position = 10"],
        {(PAYLOAD, 10, 10)},
    ),
    "payloads deleted": (delete("position BETWEEN 10 AND 12", P), {(PAYLOAD, 10, 12)}),
    "row inserted": (
        [
            *shift(10, 1),
            "INSERT INTO audit_entries SELECT shard, 10, entry FROM audit_entries WHERE position = 3",
            "INSERT INTO audit_payloads SELECT shard, 10, recorded_at, event, department, sealed "
            "FROM audit_payloads WHERE position = 3",
        ],
        {(EDIT, 10, 10)},
    ),
    "checkpoint edited": (
        ["UPDATE audit_checkpoints SET note = replace(note, '/main', '/mean') WHERE size = 7"],
        {(SIGNATURE, 6, 6)},
    ),
}


@pytest.fixture
def full(log: Any) -> Any:
    """A log of 30 records with checkpoints of at least 7, 28 and 30."""
    log.fill(COUNT)
    sizes = {row["size"] for row in asyncio.run(log.fetch("SELECT size FROM audit_checkpoints"))}
    assert {7, 28, 30} <= sizes
    return log


def test_a_whole_log_verifies(full: Any) -> None:
    """An untouched log verifies: every entry, payload and checkpoint, in every shard."""
    full.fill(4, "other")
    report = verify(full)
    assert (report.verified, report.exit_code, report.records) == (True, 0, 34)
    main, other = report.shards
    assert (main.shard, main.entries, main.payloads, main.unsigned) == ("main", 30, 30, 0)
    assert (other.shard, other.entries) == ("other", 4)
    assert main.checkpoints >= 4
    assert verify(full, files=False).verified


@pytest.mark.parametrize("name", CASES)
def test_tampering_is_found_and_named(full: Any, name: str) -> None:
    """Every kind of tampering with the database is found, by its own name, at its exact position."""
    statements, expected = CASES[name]
    asyncio.run(full.tamper(*statements))
    assert found(full) == expected
    assert verify(full).exit_code == min(kind for kind, _, _ in expected)


def test_a_consistent_forgery_is_placed_between_checkpoints(full: Any, new_record: Callable[..., Record]) -> None:
    """Whoever has all secret keys and replaces entry and payload together is still found, between two checkpoints."""

    async def forge() -> None:
        scribe = Scribe(full.keys)
        row = scribe.finish(await scribe.draft(new_record(purpose="statistics")), "main", 10)
        await full.tamper(
            f"UPDATE audit_entries SET entry = '\\x{row.entry.hex()}' WHERE position = 10",  # noqa: S608
            f"UPDATE audit_payloads SET sealed = '\\x{row.sealed.hex()}', event = '{row.event}', "  # noqa: S608
            f"department = '{row.department}', recorded_at = '{row.recorded_at.isoformat()}' WHERE position = 10",
        )

    asyncio.run(forge())
    report = verify(full)
    assert [(finding.kind, finding.first <= 10 <= finding.last) for finding in report.findings] == [(EDIT, True)]


def test_a_fork_is_found(full: Any) -> None:
    """Two checkpoints of one size, both signed by the log's key, with different roots, are a fork."""
    note = sign_checkpoint(full.keys, "main", 28, bytes(32))
    asyncio.run(full.tamper(f"INSERT INTO audit_checkpoints VALUES ('main', 28, now(), '{note}')"))  # noqa: S608
    assert found(full) == {(FindingKind.FORK, 27, 27)}


def test_a_stranger_cannot_sign(full: Any) -> None:
    """A checkpoint signed by another key under the log's own name is a bad signature."""
    note = sign_checkpoint(MemoryKeys.from_seed(bytes(32), full.keys.log_name), "main", 28, bytes(32))
    asyncio.run(full.tamper(f"INSERT INTO audit_checkpoints VALUES ('main', 28, now(), '{note}')"))  # noqa: S608
    assert found(full) == {(SIGNATURE, 27, 27)}


def test_recorded_erasure_is_not_tampering(full: Any, new_record: Callable[..., Record]) -> None:
    """Payloads that an erasure record names may be missing; one more may not."""
    record = new_record(event="erasure", subjects=[], detail={"shard": "main", "first": "10", "last": "12"})

    async def erase() -> None:
        writer = await full.open("other")
        await writer.write(record)
        await writer.close()
        await full.tamper("DELETE FROM audit_payloads WHERE shard = 'main' AND position BETWEEN 10 AND 12")

    asyncio.run(erase())
    assert verify(full).verified
    asyncio.run(full.tamper("DELETE FROM audit_payloads WHERE shard = 'main' AND position = 13"))
    assert found(full) == {(PAYLOAD, 13, 13)}


def test_unsigned_rows_are_counted(full: Any) -> None:
    """Rows newer than the last checkpoint are no finding; the report says how many."""
    asyncio.run(full.tamper("DELETE FROM audit_checkpoints WHERE size > 28"))
    report = verify(full, files=False)
    assert report.verified
    assert report.shards[0].unsigned == 2


def test_a_running_writer_does_no_harm(log: Any, new_record: Callable[..., Record]) -> None:
    """Verification of a log that is being written finds nothing."""

    async def run() -> list[Report]:
        writer = await log.open()
        stop = asyncio.Event()

        async def load() -> None:
            while not stop.is_set():
                await asyncio.gather(*(writer.write(new_record()) for _ in range(20)))

        loading = asyncio.create_task(load())
        reports = []
        for _ in range(5):
            async with open_database_evidence(log.url, log.keys, log.place.state_dir) as evidence:
                reports.append(await verify_log(evidence))
        stop.set()
        await loading
        await writer.close()
        return reports

    reports = asyncio.run(run())
    assert all(report.verified for report in reports)
    assert reports[-1].records > 0


def test_page_lists_the_exit_codes() -> None:
    """docs/audit-log.md lists every finding with its exit code."""
    page = Path(__file__).parents[3] / "docs" / "audit-log.md"
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [("0", "none"), *((str(kind.value), kind.name.lower()) for kind in FindingKind)]


def test_findings_say_what_and_where(full: Any) -> None:
    """A finding reads as a sentence; the report orders them by gravity."""
    asyncio.run(full.tamper(*CASES["payload edited"][0], *CASES["end deleted"][0]))
    report = verify(full)
    assert [str(finding) for finding in report.findings] == [
        "truncation: shard main, positions 28 to 29: the end of the log is missing",
        "payload: shard main, position 10: a payload was changed or removed, the entry is whole",
    ]
    assert report.exit_code == 12


def test_a_row_of_another_shard_is_found(full: Any) -> None:
    """A record names its shard: a row copied from another shard, payload and all, is found."""
    full.fill(1, "other")
    asyncio.run(
        full.tamper(
            "DELETE FROM audit_entries WHERE shard = 'other'",
            "DELETE FROM audit_payloads WHERE shard = 'other'",
            "INSERT INTO audit_entries SELECT 'other', position, entry FROM audit_entries WHERE position = 0",
            "INSERT INTO audit_payloads SELECT 'other', position, recorded_at, event, department, sealed "
            "FROM audit_payloads WHERE position = 0",
        )
    )
    assert found(full) == {(EDIT, 0, 0)}
