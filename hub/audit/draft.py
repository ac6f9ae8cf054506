"""From a record to the row that is stored: all that can be computed before its position is known, then the rest."""

import asyncio
import os
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.audit.commitment import Payload, entry_of, header_json, officer_json, subject_marks, subject_token
from hub.audit.events import check_event
from hub.audit.keys import AuditKeys
from hub.audit.mac import KeyedHash
from hub.audit.model import Record
from hub.audit.sealing import DIGEST, seal_payload
from schema.errors import InternalError

__all__ = ["Draft", "LogRow", "Scribe"]

SLICE: Final = 128
"""Subjects per step: about half a millisecond."""


@dataclass(frozen=True, slots=True, repr=False)
class Draft:
    """A checked record with everything of its commitment that does not depend on its position."""

    record: Record
    officer: bytes
    salt: bytes
    tokens: list[bytes]
    marks: bytes
    digests: bytes


@dataclass(frozen=True, slots=True, repr=False)
class LogRow:
    """One record as it is stored: the published entry, and the columns of its payload row."""

    entry: bytes
    recorded_at: datetime
    event: str
    department: str
    sealed: bytes


class Scribe:
    """Writes records under one set of keys."""

    def __init__(self, keys: AuditKeys) -> None:
        self._audit_key = keys.audit_key()
        self._tokens = KeyedHash(self._audit_key)
        self._index = KeyedHash(keys.index_key())
        self._payloads = KeyedHash(keys.payload_key())

    async def draft(self, record: Record) -> Draft:
        """Check and commit; lets others run between slices, so that a page of persons blocks nobody.

        Raises InternalError when the record does not fit the catalogue or its time has no zone.
        """
        check_event(record)
        if record.time.tzinfo is None:
            raise InternalError("an audit record's time has no zone")
        salt = os.urandom(32)
        tokens: list[bytes] = []
        marks: list[bytes] = []
        digests: list[bytes] = []
        for start in range(0, len(record.subjects), SLICE):
            if start:
                await asyncio.sleep(0)
            subjects = record.subjects[start : start + SLICE]
            fresh = [subject_token(self._tokens, subject, record.record_id) for subject in subjects]
            tokens += fresh
            marks += subject_marks(salt, fresh, first=start + 1)
            digests += [self._index.digest(subject.bytes)[:DIGEST] for subject in subjects]
        officer = officer_json(record, self._audit_key)
        return Draft(record, officer, salt, tokens, b"".join(marks), b"".join(digests))

    def finish(self, draft: Draft, shard: str, position: int) -> LogRow:
        """The row of a draft at its position."""
        record = draft.record
        payload = Payload(header_json(record, shard, position), draft.officer, draft.salt, draft.tokens)
        sealed = seal_payload(self._payloads, payload, draft.digests)
        return LogRow(entry_of(payload, draft.marks), record.time, record.event, record.department, sealed)
