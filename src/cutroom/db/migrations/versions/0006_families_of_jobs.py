"""Families of jobs: what needs what, batches, pauses; stages and logs of attempts; facts about the installation"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def where(condition: str) -> dict[str, Any]:
    """The condition of a partial index, for both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.add_column("jobs", sa.Column("parent_id", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("batch_id", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("pending", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("needed", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("pause_requested", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("job_attempts", sa.Column("number", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("job_attempts", sa.Column("stages", DOCUMENT, nullable=True))
    op.add_column("job_attempts", sa.Column("log", sa.Text(), nullable=True))
    op.create_table(
        "job_needs",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("needs_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_needs_job_id_jobs"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["needs_id"], ["jobs.id"], name=op.f("fk_job_needs_needs_id_jobs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "needs_id", name=op.f("pk_job_needs")),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
    )
    op.create_index("ix_job_needs_needs", "job_needs", ["needs_id"])
    op.create_index("ix_jobs_parent", "jobs", ["parent_id"], **where("parent_id IS NOT NULL"))
    op.create_index(
        "ix_jobs_open_parts", "jobs", ["parent_id"], **where("parent_id IS NOT NULL AND finished_at IS NULL")
    )
    op.create_index("ix_jobs_batch", "jobs", ["batch_id"], **where("batch_id IS NOT NULL"))
    op.create_index("ix_jobs_finished", "jobs", ["finished_at"], **where("finished_at IS NOT NULL"))
    op.drop_index("uq_jobs_active_key", table_name="jobs")
    op.create_index(
        "uq_jobs_active_key",
        "jobs",
        ["idempotency_key"],
        unique=True,
        **where("state IN ('waiting', 'queued', 'running', 'paused')"),
    )


def downgrade() -> None:
    op.drop_index("uq_jobs_active_key", table_name="jobs")
    op.create_index(
        "uq_jobs_active_key", "jobs", ["idempotency_key"], unique=True, **where("state IN ('queued', 'running')")
    )
    for name in ("finished", "batch", "open_parts", "parent"):
        op.drop_index(f"ix_jobs_{name}", table_name="jobs")
    op.drop_table("facts")
    op.drop_table("job_needs")
    for name in ("log", "stages", "number"):
        op.drop_column("job_attempts", name)
    for name in ("pause_requested", "needed", "pending", "batch_id", "parent_id"):
        op.drop_column("jobs", name)
