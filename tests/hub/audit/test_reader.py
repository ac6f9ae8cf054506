"""Reading: auditors see records, a department its own, a person theirs with a proof; nobody sees a value."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.audit.checkpoints import shard_key
from hub.audit.index import IndexFiller
from hub.audit.model import Record
from hub.audit.reader import AuditReader, RecordFilter
from hub.audit.views import AccessProof, verify_access
from schema.ids import MigrantId
from schema.vocabulary import Department

ANNA, BO, CHEN = (MigrantId(UUID(int=number)) for number in (1, 2, 3))
START = datetime(2026, 11, 1, 8, tzinfo=UTC)


async def write(log: Any, records: list[Record], shard: str = "main") -> None:
    writer = await log.open(shard)
    for record in records:
        await writer.write(record)
    await writer.close()


async def read(log: Any, question: Callable[[AuditReader], Any]) -> Any:
    reader = await AuditReader.open(log.url, log.keys)
    try:
        return await question(reader)
    finally:
        await reader.close()


@pytest.fixture
def records(log: Any, new_record: Callable[..., Record]) -> list[Record]:
    """Six records over two shards: education twice on Anna, police on Anna and Bo, a page, a denial, another on Bo."""
    made = [
        new_record(time=START, subjects=[ANNA]),
        new_record(time=START + timedelta(hours=1), subjects=[ANNA], purpose="settlement"),
        new_record(time=START + timedelta(hours=2), department=Department.POLICE, subjects=[ANNA, BO]),
        new_record(
            time=START + timedelta(hours=3), event="page", subjects=[MigrantId(UUID(int=n)) for n in range(2, 300)]
        ),
        new_record(time=START + timedelta(hours=4), event="denial", subjects=[], detail={"code": "BUSY", "count": "2"}),
        new_record(time=START + timedelta(hours=5), subjects=[BO], officer="officer-8"),
    ]
    asyncio.run(write(log, made[:4]))
    asyncio.run(write(log, made[4:], "second"))
    return made


def test_auditors_see_records_newest_first(log: Any, records: list[Record]) -> None:
    """The list runs over all shards, newest first, and shows officer and purpose but never whom."""
    views = asyncio.run(read(log, lambda reader: reader.records()))
    assert [view.access.record_id for view in views] == [record.record_id for record in reversed(records)]
    assert (views[0].officer, views[0].client, views[0].access.purpose) == (
        "officer-8",
        "education-desk",
        "school-enrolment",
    )
    assert views[0].case == views[1].case != "case-31"
    assert [view.access.subjects for view in views] == [1, 0, 298, 2, 1, 1]
    shown = str([view.as_json() for view in views])
    assert not any(str(person) in shown for person in (ANNA, BO))


def test_lists_can_be_narrowed_and_continued(log: Any, records: list[Record]) -> None:
    """By department, by event, before a time, and no longer than asked for."""

    def ids(*arguments: Any) -> list[UUID]:
        views = asyncio.run(read(log, lambda reader: reader.records(*arguments)))
        return [view.access.record_id for view in views]

    assert ids(2) == [records[5].record_id, records[4].record_id]
    assert ids(9, RecordFilter(event="page")) == [records[3].record_id]
    assert ids(9, RecordFilter(before=records[1].time)) == [records[0].record_id]
    own = asyncio.run(read(log, lambda reader: reader.department_records(Department.POLICE)))
    assert [view.access.record_id for view in own] == [records[2].record_id]


def accesses(log: Any, person: MigrantId, **options: Any) -> list[UUID]:
    views = asyncio.run(read(log, lambda reader: reader.subject_accesses(person, **options)))
    return [view.record_id for view in views]


def test_a_person_finds_all_accesses(log: Any, records: list[Record]) -> None:
    """A person's list holds every record about them, bulk runs included, and no other; newest first."""
    anna, bo = [2, 1, 0], [5, 3, 2]
    for options in ({}, {"complete": True}):
        assert accesses(log, ANNA, **options) == [records[number].record_id for number in anna]
        assert accesses(log, BO, **options) == [records[number].record_id for number in bo]
    assert accesses(log, CHEN) == [records[3].record_id]
    assert accesses(log, ANNA, limit=1) == [records[2].record_id]
    assert accesses(log, MigrantId(UUID(int=999))) == []


def test_a_person_sees_no_officer(log: Any, records: list[Record]) -> None:
    """What a person reads about an access names neither officer, client, case nor another person."""
    views = asyncio.run(read(log, lambda reader: reader.subject_accesses(ANNA)))
    shown = str([asdict(view) for view in views])
    for hidden in ("officer-7", "education-desk", "case-31", str(BO)):
        assert hidden not in shown


def test_the_tail_is_searched(log: Any, records: list[Record]) -> None:
    """What the side index does not hold yet is found all the same."""
    asyncio.run(log.tamper("DELETE FROM audit_subject_index", "UPDATE audit_index_progress SET filled = 2"))
    assert accesses(log, ANNA) == [records[2].record_id]
    asyncio.run(log.tamper("DELETE FROM audit_index_progress"))
    assert accesses(log, ANNA) == [records[number].record_id for number in (2, 1, 0)]


def test_a_complete_search_needs_no_index(log: Any, records: list[Record]) -> None:
    """A side index that was emptied or filled with lies hides nothing from a complete search and adds nothing."""
    asyncio.run(
        log.tamper(
            "DELETE FROM audit_subject_index",
            "INSERT INTO audit_subject_index SELECT decode(repeat('00', 16), 'hex'), shard, position, recorded_at "
            "FROM audit_payloads WHERE shard = 'second'",
        )
    )
    assert accesses(log, ANNA) == []
    assert accesses(log, ANNA, complete=True) == [records[number].record_id for number in (2, 1, 0)]


def test_the_index_is_rebuilt_from_payloads(log: Any, records: list[Record]) -> None:
    """After the index was lost, filling it again from the rows finds everything, twice without harm."""
    asyncio.run(log.tamper("DELETE FROM audit_subject_index", "DELETE FROM audit_index_progress"))

    async def fill() -> None:
        filler = IndexFiller(log.url, log.keys, "main", 5)
        for everywhere in (False, True, True):
            await filler.catch_up(everywhere=everywhere)
            assert not filler.lagging
        filler.end()
        await asyncio.sleep(0)

    asyncio.run(fill())
    rows = asyncio.run(log.fetch("SELECT count(*) AS n, count(DISTINCT digest) AS persons FROM audit_subject_index"))
    assert (rows[0]["n"], rows[0]["persons"]) == (303, 299)
    assert accesses(log, BO) == [records[number].record_id for number in (5, 3, 2)]


def test_huge_records_are_indexed_in_pieces(log: Any, new_record: Callable[..., Record]) -> None:
    """Records about thousands of persons each are indexed completely, in statements of bounded size."""
    people = [MigrantId(UUID(int=number)) for number in range(6_000)]
    made = [new_record(subjects=people) for _ in range(4)]
    asyncio.run(write(log, made))
    rows = asyncio.run(
        log.fetch("SELECT count(*) AS n, max(filled) AS filled FROM audit_subject_index, audit_index_progress")
    )
    assert (rows[0]["n"], rows[0]["filled"]) == (24_000, 4)
    assert set(accesses(log, people[-1])) == {record.record_id for record in made}


def test_a_damaged_payload_hides_no_other(log: Any, records: list[Record]) -> None:
    """A payload that was tampered with is passed over; the others are still listed and indexed."""
    asyncio.run(
        log.tamper(
            "UPDATE audit_payloads SET sealed = '\\x00' WHERE shard = 'main' AND position = 1",
            "DELETE FROM audit_index_progress",
        )
    )
    assert accesses(log, ANNA) == [records[number].record_id for number in (2, 0)]
    assert len(asyncio.run(read(log, lambda reader: reader.records()))) == 5


def test_a_person_can_take_proof_away(log: Any, records: list[Record]) -> None:
    """Each access comes with a proof that verifies under the log's public key and fails for anything altered."""
    proof: AccessProof = asyncio.run(read(log, lambda reader: reader.subject_proof(ANNA, "main", 2)))
    key = shard_key(log.keys.log_name, log.keys.public_key(), "main")
    view = verify_access(proof, key)
    assert view is not None
    assert (view.record_id, view.department, view.position) == (records[2].record_id, "police", 2)
    assert verify_access(proof, shard_key("other.example", log.keys.public_key(), "main")) is None
    assert verify_access(replace(proof, position=1), key) is None
    assert verify_access(replace(proof, path=proof.path[::-1]), key) is None
    assert verify_access(replace(proof, subject=replace(proof.subject, header=b"{}")), key) is None
    assert verify_access(replace(proof, note=proof.note.replace("\n4\n", "\n5\n")), key) is None


def test_there_is_no_proof_of_what_is_not_theirs(log: Any, records: list[Record]) -> None:
    """Nobody gets a proof of a record about somebody else, or of one that does not exist."""
    assert asyncio.run(read(log, lambda reader: reader.subject_proof(BO, "main", 0))) is None
    assert asyncio.run(read(log, lambda reader: reader.subject_proof(BO, "main", 99))) is None
    assert asyncio.run(read(log, lambda reader: reader.subject_proof(BO, "third", 0))) is None


def test_the_database_names_nobody(log: Any, records: list[Record]) -> None:
    """No column of the log holds a migrant's id, an officer, a client, a case or a purpose in readable form."""
    rows = asyncio.run(
        log.fetch(
            "SELECT e::text || p::text AS row FROM audit_entries e JOIN audit_payloads p USING (shard, position) "
            "UNION ALL SELECT i::text FROM audit_subject_index i UNION ALL SELECT c::text FROM audit_checkpoints c"
        )
    )
    dump = "\n".join(row["row"] for row in rows)
    for hidden in ("officer-7", "education-desk", "case-31", "school-enrolment"):
        assert hidden not in dump
        assert hidden.encode().hex() not in dump
    for person in (ANNA, BO, CHEN):
        assert str(person) not in dump
        assert person.hex not in dump
