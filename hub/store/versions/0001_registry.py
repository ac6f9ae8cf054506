"""The registry: migrants, digests that find them, links, versions, progress of builds, daily budgets.

Revision ID: 0001_registry
Revises: (none)
"""

import sqlalchemy as sa
from alembic import op

revision = "0001_registry"
down_revision = None
branch_labels = None
depends_on = None

WRITTEN = (
    "migrants",
    "identities",
    "links",
    "policy_epoch",
    "registry_runs",
    "registry_progress",
    "budget_subjects",
    "budget_days",
)
FORGOTTEN = ("budget_subjects", "budget_days")


def upgrade() -> None:
    create_registry()
    create_progress()
    create_budgets()
    op.execute("INSERT INTO policy_epoch (single, epoch, registry_version) VALUES (1, 1, 1)")
    op.execute("ANALYZE policy_epoch")  # every resolving statement joins it: the planner should know it has one row
    grant_service()


def create_registry() -> None:
    op.create_table(
        "migrants",
        sa.Column("migrant_id", sa.Uuid, nullable=False),
        sa.Column("residence_county", sa.String(6, collation="C"), nullable=False),
        sa.Column("origin_county", sa.String(6, collation="C"), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("migrant_id", name="migrants_pkey"),
    )
    op.create_index("migrants_residence", "migrants", ["residence_county"])
    op.create_table(
        "identities",
        sa.Column("number_digest", sa.LargeBinary, nullable=False),
        sa.Column("person_digest", sa.LargeBinary, nullable=False),
        sa.Column("lookup_digest", sa.LargeBinary, nullable=False),
        sa.Column("ordinal", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("migrant_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("number_digest", "person_digest", name="identities_pkey"),
    )
    op.create_index("identities_lookup", "identities", ["lookup_digest", "ordinal"])
    op.create_table(
        "links",
        sa.Column("key_digest", sa.LargeBinary, nullable=False),
        sa.Column("migrant_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("key_digest", name="links_pkey"),
    )
    op.create_table(
        "policy_epoch",
        sa.Column("single", sa.SmallInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("registry_version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("single", name="policy_epoch_pkey"),
        sa.CheckConstraint("single = 1", name="policy_epoch_single"),
    )


def create_progress() -> None:
    op.create_table(
        "registry_runs",
        sa.Column("run_id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("run_id", name="registry_runs_pkey"),
    )
    op.create_table(
        "registry_progress",
        sa.Column("run_id", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("cursor", sa.LargeBinary, nullable=True),
        sa.Column("finished", sa.Boolean, nullable=False),
        *(
            sa.Column(count, sa.Integer, nullable=False)
            for count in ("persons", "created", "linked", "known", "unnumbered", "probable", "duplicate")
        ),
        sa.PrimaryKeyConstraint("run_id", "source", name="registry_progress_pkey"),
    )


def create_budgets() -> None:
    op.create_table(
        "budget_subjects",
        sa.Column("client_digest", sa.LargeBinary, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("subject_digest", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("client_digest", "day", "subject_digest", name="budget_subjects_pkey"),
    )
    op.create_table(
        "budget_days",
        sa.Column("client_digest", sa.LargeBinary, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("spent", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("client_digest", "day", name="budget_days_pkey"),
    )


def grant_service() -> None:
    """What the server may do, where the service role exists; nothing for anybody else."""
    written = "".join(
        f"REVOKE ALL ON {table} FROM PUBLIC; GRANT SELECT, INSERT, UPDATE ON {table} TO hub_service;"
        for table in WRITTEN
    )
    forgotten = "".join(f"GRANT DELETE ON {table} TO hub_service;" for table in FORGOTTEN)
    op.execute(
        f"""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'hub_service') THEN
                {written}
                {forgotten}
                GRANT SELECT ON alembic_version TO hub_service;
            END IF;
        END $$
        """
    )


def downgrade() -> None:
    """Refused: dropping the registry is not a migration."""
    raise RuntimeError("the registry cannot be dropped by a migration")
