"""What a record of the audit log says. No values, ever."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from schema.ids import FieldId, MigrantId
from schema.vocabulary import Decision, Department, Role

__all__ = ["Receipt", "Record"]


@dataclass(frozen=True, slots=True)
class Record:
    """One audited event, before it is committed to.

    `record_id` is random (UUIDv4) and is the receipt's id. `time` is UTC. `event` is a name of the event
    catalogue (`hub/audit/events.py`). `fields` lists field ids by decision. `statuses` maps a source to how its
    calls went. `subjects` are the persons concerned; only keyed tokens of them reach the log. `case` is the
    case reference; only its keyed hash reaches the log. `detail` holds event-specific facts that are neither
    values nor persons (counts, versions, key ids), as strings.
    """

    record_id: UUID
    time: datetime
    event: str
    department: Department
    roles: tuple[Role, ...]
    client: str
    officer: str
    purpose: str = ""
    basis: str = ""
    agreement: str = ""
    case: str = ""
    operation: str = ""
    policy_version: str = ""
    fields: Mapping[Decision, tuple[FieldId, ...]] = field(default_factory=dict)
    subjects: Sequence[MigrantId] = ()
    statuses: Mapping[str, str] = field(default_factory=dict)
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a durable record stands: its id, shard and 0-based position in that shard's tree."""

    record_id: UUID
    shard: str
    position: int
