"""The audit log: entries, payloads, checkpoints, side index; append-only by grants and by triggers.

Revision ID: 0002_audit
Revises: 0001_registry
"""

import sqlalchemy as sa
from alembic import op

revision = "0002_audit"
down_revision = "0001_registry"
branch_labels = None
depends_on = None

FIRST_YEAR, LAST_YEAR = 2026, 2035
PARTITIONED = ("audit_payloads", "audit_subject_index")
APPEND_ONLY = ("audit_entries", "audit_payloads", "audit_checkpoints", "audit_subject_index")


def upgrade() -> None:
    create_tables()
    create_partitions()
    create_triggers()
    grant_service()


def create_tables() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("shard", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("shard", "position", name="audit_entries_pkey"),
    )
    op.create_table(
        "audit_payloads",
        sa.Column("shard", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("department", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("shard", "position", "recorded_at", name="audit_payloads_pkey"),
        postgresql_partition_by="RANGE (recorded_at)",
    )
    op.execute("ALTER TABLE audit_payloads ALTER COLUMN sealed SET STORAGE EXTERNAL")  # sealed bytes do not compress
    op.create_index("audit_payloads_time", "audit_payloads", ["recorded_at"])
    op.create_index("audit_payloads_department", "audit_payloads", ["department", "recorded_at"])
    op.create_table(
        "audit_checkpoints",
        sa.Column("shard", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("shard", "size", "signed_at", name="audit_checkpoints_pkey"),
    )
    op.create_table(
        "audit_subject_index",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("shard", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", "shard", "position", "recorded_at", name="audit_subject_index_pkey"),
        postgresql_partition_by="RANGE (recorded_at)",
    )
    op.create_table(
        "audit_index_progress",
        sa.Column("shard", sa.Text, nullable=False),
        sa.Column("filled", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("shard", name="audit_index_progress_pkey"),
    )


def create_partitions() -> None:
    """One partition per year, so that a year can be dropped when its retention ends; the rest in a default one."""
    for table in PARTITIONED:
        for year in range(FIRST_YEAR, LAST_YEAR + 1):
            op.execute(
                f"CREATE TABLE {table}_{year} PARTITION OF {table} "
                f"FOR VALUES FROM ('{year}-01-01T00:00:00Z') TO ('{year + 1}-01-01T00:00:00Z')"
            )
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")


def create_triggers() -> None:
    op.execute(
        """
        CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
        END
        $$
        """
    )
    for table in ("audit_entries", "audit_checkpoints"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER audit_payloads_unchanged BEFORE UPDATE ON audit_payloads "
        "FOR EACH ROW EXECUTE FUNCTION audit_refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER audit_payloads_kept BEFORE TRUNCATE ON audit_payloads "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()"
    )


def grant_service() -> None:
    """Select and insert for the service role, where the platform has made one; update of the progress mark only."""
    revoked = "".join(f"REVOKE ALL ON {table} FROM PUBLIC, hub_service;" for table in all_tables())
    granted = "".join(f"GRANT SELECT, INSERT ON {table} TO hub_service;" for table in APPEND_ONLY)
    op.execute(
        f"""
        DO $$ BEGIN
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'hub_service') THEN
                {revoked}
                {granted}
                GRANT SELECT, INSERT, UPDATE ON audit_index_progress TO hub_service;
            END IF;
        END $$
        """
    )


def all_tables() -> list[str]:
    years = [*range(FIRST_YEAR, LAST_YEAR + 1), "default"]
    return [*APPEND_ONLY, "audit_index_progress", *(f"{table}_{year}" for table in PARTITIONED for year in years)]


def downgrade() -> None:
    """Refused: dropping the log is not a migration."""
    raise RuntimeError("the audit log cannot be dropped by a migration")
