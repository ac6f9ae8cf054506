"""A log for commands: what an operator does outside the running hub is recorded in a shard of its own."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from hub.audit.checkpoints import ShardPlace
from hub.audit.events import Event
from hub.audit.keys import AuditKeys
from hub.audit.model import Record
from hub.audit.writer import AuditWriter, WriterOptions
from hub.clock import now
from schema.vocabulary import Department, Role

__all__ = ["OPERATOR_SHARD", "open_operator_log", "operator_record"]

OPERATOR_SHARD: Final = "operator"
"""No running hub may use this shard's name."""

PATIENCE: Final = 15.0
"""Seconds a command waits for another command to end."""


@asynccontextmanager
async def open_operator_log(dsn: str, keys: AuditKeys, state_dir: Path) -> AsyncIterator[AuditWriter]:
    """The writer of the commands' shard; commands that run at once take turns. Raises as `AuditWriter.open` does."""
    place = ShardPlace(OPERATOR_SHARD, state_dir)
    writer = await AuditWriter.open(dsn, keys, place, WriterOptions(patience=PATIENCE))
    try:
        yield writer
    finally:
        await writer.close()


def operator_record(event: Event, detail: Mapping[str, str], **more: Any) -> Record:
    """A record of something done at the command line; the officer is the number of the operating system's account.

    `more` are further fields of the record (`purpose`, `basis`, `subjects` …).
    """
    return Record(
        record_id=uuid4(),
        time=now(),
        event=event,
        department=Department.HUB,
        roles=(Role.OPERATOR,),
        client="hub-command",
        officer=f"account-{os.getuid()}",
        detail=detail,
        **more,
    )
