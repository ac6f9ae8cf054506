"""A fresh log per test: the tables as the migration makes them, keys, and records to write."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from hub.audit.checkpoints import ShardPlace
from hub.audit.keys import AuditKeys, MemoryKeys
from hub.audit.model import Record
from hub.audit.note import claimed_size
from hub.audit.writer import AuditWriter, WriterOptions
from hub.config import AuditSettings
from hub.store.migrate import migrate
from schema.ids import FieldId, MigrantId
from schema.vocabulary import Decision, Department, Role

CUT = """
SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
EMPTY = (
    "DELETE FROM audit_entries",
    "DELETE FROM audit_payloads",
    "DELETE FROM audit_checkpoints",
    "DELETE FROM audit_subject_index",
    "DELETE FROM audit_index_progress",
)
SEED = bytes(range(32))


@dataclass(frozen=True)
class Log:
    """One log: its database as service, owner and superuser, its keys, its state folder."""

    url: str
    owner_url: str
    admin_url: str
    keys: AuditKeys
    place: ShardPlace
    seed: bytes = SEED

    async def open(self, shard: str = "main", patience: float = 0.0, **limits: Any) -> AuditWriter:
        options = WriterOptions(AuditSettings(**{"checkpoint_seconds": 0.02, **limits}), patience=patience)
        return await AuditWriter.open(self.url, self.keys, ShardPlace(shard, self.place.state_dir), options)

    async def fetch(self, query: str, *arguments: object) -> list[Any]:
        return await run_query(self.url, query, *arguments)

    async def tamper(self, *statements: str) -> None:
        """What a database administrator can do: switch the triggers off."""
        await run_query(self.admin_url, "SET session_replication_role = replica", script=statements)

    async def signed(self, writer: AuditWriter) -> None:
        """Wait until the checkpoint file covers every record."""
        place = ShardPlace(writer.shard, self.place.state_dir)
        async with asyncio.timeout(10):
            while claimed_size(place.read() or "") < writer.size:  # noqa: ASYNC110 -- the file is another's to write
                await asyncio.sleep(0.002)

    async def cut_connections(self) -> None:
        """End every connection that holds a shard of this database."""
        await run_query(self.admin_url, CUT)

    def fill(self, count: int, shard: str = "main", **limits: Any) -> list[Record]:
        """Write so many records and close."""
        records = [make_record(subjects=[MigrantId(UUID(int=number))]) for number in range(count)]

        async def run() -> None:
            writer = await self.open(shard, **limits)
            try:
                for start in range(0, count, 7):
                    await asyncio.gather(*(writer.write(record) for record in records[start : start + 7]))
                    if start % 21 == 0:
                        await self.signed(writer)
            finally:
                await writer.close()

        asyncio.run(run())
        return records


async def run_query(url: str, query: str, *arguments: object, script: tuple[str, ...] = ()) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        rows: list[Any] = await connection.fetch(query, *arguments)
        for statement in script:
            await connection.execute(statement)
    finally:
        await connection.close()
    return rows


def make_record(**changes: Any) -> Record:
    """A record of one look-up."""
    values: dict[str, Any] = {
        "record_id": uuid4(),
        "time": datetime.now(UTC),
        "event": "look-up",
        "department": Department.EDUCATION,
        "roles": (Role.WINDOW_CLERK,),
        "client": "education-desk",
        "officer": "officer-7",
        "purpose": "school-enrolment",
        "basis": "663 Art. 12(1)",
        "case": "case-31",
        "operation": "ab" * 32,
        "policy_version": "7",
        "fields": {Decision.MASK: (FieldId("Migrant.name"),)},
        "subjects": [MigrantId(UUID(int=1))],
        "statuses": {"police": "ok"},
    }
    return Record(**{**values, **changes})


@pytest.fixture
def new_record() -> Callable[..., Record]:
    """Makes a record of one look-up, with changes."""
    return make_record


@pytest.fixture(scope="session")
def audit_urls(postgres: Any) -> tuple[str, str, str]:
    """One migrated database for all tests of the log, as service, owner and superuser."""
    owner_url = postgres.create_database()
    asyncio.run(migrate(owner_url))
    return postgres.service_url(owner_url), owner_url, postgres.admin_url(owner_url)


@pytest.fixture
def log(audit_urls: tuple[str, str, str], tmp_path: Path) -> Log:
    """An empty log."""
    found = Log(*audit_urls, MemoryKeys.from_seed(SEED, "audit.example"), ShardPlace("main", tmp_path))
    asyncio.run(found.tamper(*EMPTY))
    return found
