"""Resumable uploads: what is known of each besides its bytes."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from cutroom.db.base import Document, Instant, metadata

upload_sessions = Table(
    "upload_sessions",
    metadata,
    Column("id", Text, primary_key=True),  # upl_…
    Column("owner_id", Text, ForeignKey("accounts.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("metadata", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("part", Text, nullable=False),  # whole, partial, final
    Column("parts", Document, nullable=False),  # ids
    Column("state", Text, nullable=False),  # open, done
    Column("video_id", Text, nullable=False),
    Column("duplicate_of", Document, nullable=False),  # ids of videos
    Column("boot_id", Text, nullable=False),
    Column("checkpoint_bytes", BigInteger, nullable=False),
    Column("verifying_from", BigInteger),
    Column("patches", Integer, nullable=False),
    Column("empty_resumes", Integer, nullable=False),
    Column("group_key", Text),
    Column("group_index", Integer),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("ix_upload_sessions_expires", "expires_at"),
    Index("ix_upload_sessions_owner", "owner_id"),
    Index("uq_upload_sessions_group", "group_key", "group_index", unique=True),
)
