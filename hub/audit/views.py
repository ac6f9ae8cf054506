"""Records as people read them: a person sees the header, an auditor and the asking department also the officer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import orjson

from hub.audit.commitment import Payload, SubjectProof, verify_subject
from hub.audit.merkle import leaf_hash, verify_inclusion
from hub.audit.note import NoteError, NoteKey, checkpoint_of

__all__ = ["AccessProof", "AccessView", "RecordView", "verify_access"]


@dataclass(frozen=True, slots=True)
class AccessView:
    """One record as the person concerned may read it: everything the header says, no officer, no other person.

    `time` is UTC. `fields` lists field ids by decision name; `subjects` is how many persons the record is about.
    """

    shard: str
    position: int
    record_id: UUID
    time: datetime
    event: str
    department: str
    roles: tuple[str, ...]
    purpose: str
    basis: str
    agreement: str
    operation: str
    policy: str
    fields: Mapping[str, tuple[str, ...]]
    statuses: Mapping[str, str]
    subjects: int
    detail: Mapping[str, str]

    @classmethod
    def from_header(cls, header: bytes) -> Self:
        """The view of a committed header."""
        values: dict[str, Any] = orjson.loads(header)
        values["record_id"] = UUID(values.pop("record"))
        values["time"] = datetime.fromisoformat(values["time"])
        values["roles"] = tuple(values["roles"])
        values["fields"] = {decision: tuple(fields) for decision, fields in values["fields"].items()}
        return cls(**values)


@dataclass(frozen=True, slots=True)
class RecordView:
    """One record as an auditor or the asking department may read it; who it is about stays unknown.

    `officer` is a pseudonym; `case` is a keyed digest, equal for the records of one case.
    """

    access: AccessView
    officer: str
    client: str
    case: str

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """The view of an opened payload."""
        return cls(AccessView.from_header(payload.header), **orjson.loads(payload.officer))

    def as_json(self) -> dict[str, Any]:
        """One flat JSON object."""
        return {**asdict(self.access), "officer": self.officer, "client": self.client, "case": self.case}


@dataclass(frozen=True, slots=True, repr=False)
class AccessProof:
    """What a person can take away: that the log holds this record about them, and what its header says.

    `note` is the signed checkpoint of a tree of `size` leaves; `path` leads from the entry at `position` to its root.
    """

    subject: SubjectProof
    entry: bytes
    position: int
    size: int
    path: tuple[bytes, ...]
    note: str


def verify_access(proof: AccessProof, key: NoteKey) -> AccessView | None:
    """What the proof shows, or None when it shows nothing. Needs the log's public key only."""
    try:
        checkpoint = checkpoint_of(proof.note, key)
    except NoteError:
        return None
    leaf = leaf_hash(proof.entry)
    included = verify_inclusion(leaf, proof.position, proof.size, proof.path, checkpoint.root)
    if not included or checkpoint.size != proof.size or not verify_subject(proof.subject, proof.entry):
        return None
    view = AccessView.from_header(proof.subject.header)
    return view if view.position == proof.position else None
