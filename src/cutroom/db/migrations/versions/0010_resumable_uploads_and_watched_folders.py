"""Resumable uploads, folders that are watched, and finding assets by their size"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "upload_sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("parts", DOCUMENT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("video_id", sa.Text(), nullable=False),
        sa.Column("duplicate_of", DOCUMENT, nullable=False),
        sa.Column("boot_id", sa.Text(), nullable=False),
        sa.Column("checkpoint_bytes", sa.BigInteger(), nullable=False),
        sa.Column("verifying_from", sa.BigInteger(), nullable=True),
        sa.Column("patches", sa.Integer(), nullable=False),
        sa.Column("empty_resumes", sa.Integer(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=True),
        sa.Column("group_index", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], name=op.f("fk_upload_sessions_owner_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_sessions")),
    )
    op.create_index("ix_upload_sessions_expires", "upload_sessions", ["expires_at"])
    op.create_index("ix_upload_sessions_owner", "upload_sessions", ["owner_id"])
    op.create_index("uq_upload_sessions_group", "upload_sessions", ["group_key", "group_index"], unique=True)
    op.create_table(
        "watched_folders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("location", sa.LargeBinary(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=True),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("error", DOCUMENT, nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], name=op.f("fk_watched_folders_owner_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watched_folders")),
    )
    op.create_index("uq_watched_folders_location", "watched_folders", ["location"], unique=True)
    op.create_index("ix_assets_size", "assets", ["size_bytes"])


def downgrade() -> None:
    op.drop_index("ix_assets_size", "assets")
    op.drop_table("watched_folders")
    op.drop_table("upload_sessions")
