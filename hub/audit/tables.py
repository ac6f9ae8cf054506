"""The log's tables.

| table | holds | the service role may |
|---|---|---|
| audit_entries | the published commitments, never erased | select, insert |
| audit_payloads | sealed payloads, erasable, partitioned by time | select, insert |
| audit_checkpoints | signed tree heads | select, insert |
| audit_subject_index | keyed digest of a person to records, partitioned by time | select, insert |
| audit_index_progress | how far the side index is filled | select, insert, update |

Triggers refuse changes to entries, checkpoints and payloads for every role; only the owner may delete payloads.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from hub.store.metadata import METADATA

__all__ = ["AUDIT_CHECKPOINTS", "AUDIT_ENTRIES", "AUDIT_INDEX_PROGRESS", "AUDIT_PAYLOADS", "AUDIT_SUBJECT_INDEX"]

AUDIT_ENTRIES = Table(
    "audit_entries",
    METADATA,
    Column("shard", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    PrimaryKeyConstraint("shard", "position", name="audit_entries_pkey"),
)

AUDIT_PAYLOADS = Table(
    "audit_payloads",
    METADATA,
    Column("shard", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("event", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("shard", "position", "recorded_at", name="audit_payloads_pkey"),
    Index("audit_payloads_time", "recorded_at"),
    Index("audit_payloads_department", "department", "recorded_at"),
    postgresql_partition_by="RANGE (recorded_at)",
)

AUDIT_CHECKPOINTS = Table(
    "audit_checkpoints",
    METADATA,
    Column("shard", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("signed_at", DateTime(timezone=True), nullable=False),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("shard", "size", "signed_at", name="audit_checkpoints_pkey"),
)

AUDIT_SUBJECT_INDEX = Table(
    "audit_subject_index",
    METADATA,
    Column("digest", LargeBinary, nullable=False),
    Column("shard", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("digest", "shard", "position", "recorded_at", name="audit_subject_index_pkey"),
    postgresql_partition_by="RANGE (recorded_at)",
)

AUDIT_INDEX_PROGRESS = Table(
    "audit_index_progress",
    METADATA,
    Column("shard", Text, nullable=False),
    Column("filled", BigInteger, nullable=False),
    PrimaryKeyConstraint("shard", name="audit_index_progress_pkey"),
)
