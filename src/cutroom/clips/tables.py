"""Clips: what was asked of a video's frames, and what was delivered."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, text

from cutroom.db.base import Document, Instant, metadata

clips = Table(
    "clips",
    metadata,
    Column("id", Text, primary_key=True),  # clp_…
    Column("video_id", Text, ForeignKey("videos.id", ondelete="CASCADE"), nullable=False),
    Column("owner_id", Text, ForeignKey("accounts.id")),
    Column("name", Text, nullable=False),
    Column("mode", Text, nullable=False),  # copy, smart, exact: as asked
    Column("in_frame", BigInteger, nullable=False),
    Column("out_frame", BigInteger, nullable=False),  # exclusive
    Column("padding_num", BigInteger, nullable=False),  # seconds, as a fraction
    Column("padding_den", BigInteger, nullable=False),
    Column("state", Text, nullable=False),  # queued, ready, failed, cancelled
    Column("object_key", Text),
    Column("media_type", Text),
    Column("size_bytes", BigInteger),
    Column("answer", Document),  # clips.CutAnswer: frames asked and delivered, fallback
    Column("error", Document),
    Column("job_id", Text),
    Column("created_at", Instant, nullable=False),
    Index("ix_clips_created", text("created_at DESC"), text("id DESC")),
    Index("ix_clips_video", "video_id"),
)
