"""A process that writes records as fast as it can and reports each receipt on stdout; it runs until it is killed.

Arguments: database URL, state folder, shard, seed of the keys (hex).
"""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from hub.audit.checkpoints import ShardPlace
from hub.audit.keys import MemoryKeys
from hub.audit.model import Record
from hub.audit.writer import AuditWriter, WriterOptions
from hub.config import AuditSettings
from schema.ids import MigrantId
from schema.vocabulary import Department, Role

CLIENTS = 64


async def ask(writer: AuditWriter) -> None:
    """One client: the receipt is reported only after it was given."""
    while True:
        record = Record(
            record_id=uuid4(),
            time=datetime.now(UTC),
            event="look-up",
            department=Department.EDUCATION,
            roles=(Role.WINDOW_CLERK,),
            client="loaded",
            officer="officer-1",
            subjects=[MigrantId(UUID(int=1))],
        )
        receipt = await writer.write(record)
        os.write(1, f"{receipt.record_id} {receipt.position}\n".encode())


async def run(url: str, state_dir: str, shard: str, seed: str) -> None:
    keys = MemoryKeys.from_seed(bytes.fromhex(seed), "audit.example")
    options = WriterOptions(AuditSettings(checkpoint_seconds=0.05), patience=5.0)
    writer = await AuditWriter.open(url, keys, ShardPlace(shard, Path(state_dir)), options)
    os.write(1, b"open\n")
    await asyncio.gather(*(ask(writer) for _ in range(CLIENTS)))


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
