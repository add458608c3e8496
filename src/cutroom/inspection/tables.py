"""Every verdict ever given to a video; the newest is the one its row shows."""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, Table, Text, text

from cutroom.db.base import Document, Instant, metadata

inspections = Table(
    "inspections",
    metadata,
    Column("id", Text, primary_key=True),  # ins_…
    Column("video_id", Text, ForeignKey("videos.id", ondelete="CASCADE"), nullable=False),
    Column("mode", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("findings", Document, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("rules_version", Integer, nullable=False),
    Column("seconds_spent", Float, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_inspections_video", "video_id", text("created_at DESC")),
)
