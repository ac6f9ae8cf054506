"""The registry's tables. None holds a personal value: keyed digests, sealed bytes and county codes only.

| table | holds | who changes it |
|---|---|---|
| migrants | one row per migrant: two county codes, and sealed source keys, flags and consents | build, flags |
| identities | keyed digests of document number, of name with birth date, and of number with name | build |
| links | keyed digest of (source, source key) to migrant | build |
| policy_epoch | one row: version of the policies, version of the registry | policies, build, flags |
| registry_runs, registry_progress | how far a build is, with a sealed cursor per source | build |
| budget_subjects, budget_days | keyed digests of whom a client asked about on a day, and how many | requests |
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)

from hub.store.metadata import METADATA

__all__ = [
    "BUDGET_DAYS",
    "BUDGET_SUBJECTS",
    "IDENTITIES",
    "LINKS",
    "MIGRANTS",
    "POLICY_EPOCH",
    "REGISTRY_PROGRESS",
    "REGISTRY_RUNS",
]

MIGRANTS = Table(
    "migrants",
    METADATA,
    Column("migrant_id", Uuid, nullable=False),
    Column("residence_county", String(6, collation="C"), nullable=False),
    Column("origin_county", String(6, collation="C"), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("migrant_id", name="migrants_pkey"),
    Index("migrants_residence", "residence_county"),
)

IDENTITIES = Table(
    "identities",
    METADATA,
    Column("number_digest", LargeBinary, nullable=False),
    Column("person_digest", LargeBinary, nullable=False),
    Column("lookup_digest", LargeBinary, nullable=False),
    Column("ordinal", BigInteger, Identity(always=True), nullable=False),
    Column("migrant_id", Uuid, nullable=False),
    PrimaryKeyConstraint("number_digest", "person_digest", name="identities_pkey"),
    Index("identities_lookup", "lookup_digest", "ordinal"),
)

LINKS = Table(
    "links",
    METADATA,
    Column("key_digest", LargeBinary, nullable=False),
    Column("migrant_id", Uuid, nullable=False),
    PrimaryKeyConstraint("key_digest", name="links_pkey"),
)

POLICY_EPOCH = Table(
    "policy_epoch",
    METADATA,
    Column("single", SmallInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("registry_version", BigInteger, nullable=False),
    PrimaryKeyConstraint("single", name="policy_epoch_pkey"),
)

REGISTRY_RUNS = Table(
    "registry_runs",
    METADATA,
    Column("run_id", BigInteger, Identity(always=True), nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True), nullable=True),
    PrimaryKeyConstraint("run_id", name="registry_runs_pkey"),
)

REGISTRY_PROGRESS = Table(
    "registry_progress",
    METADATA,
    Column("run_id", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("cursor", LargeBinary, nullable=True),
    Column("finished", Boolean, nullable=False),
    Column("persons", Integer, nullable=False),
    Column("created", Integer, nullable=False),
    Column("linked", Integer, nullable=False),
    Column("known", Integer, nullable=False),
    Column("unnumbered", Integer, nullable=False),
    Column("probable", Integer, nullable=False),
    Column("duplicate", Integer, nullable=False),
    PrimaryKeyConstraint("run_id", "source", name="registry_progress_pkey"),
)

BUDGET_SUBJECTS = Table(
    "budget_subjects",
    METADATA,
    Column("client_digest", LargeBinary, nullable=False),
    Column("day", Date, nullable=False),
    Column("subject_digest", LargeBinary, nullable=False),
    PrimaryKeyConstraint("client_digest", "day", "subject_digest", name="budget_subjects_pkey"),
)

BUDGET_DAYS = Table(
    "budget_days",
    METADATA,
    Column("client_digest", LargeBinary, nullable=False),
    Column("day", Date, nullable=False),
    Column("spent", Integer, nullable=False),
    PrimaryKeyConstraint("client_digest", "day", name="budget_days_pkey"),
)
