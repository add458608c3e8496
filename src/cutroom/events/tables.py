"""The outbox: what changed, in commit order, for live pages and caches."""

from sqlalchemy import Column, Table, Text

from cutroom.db.base import Document, Instant, Serial, metadata

outbox = Table(
    "outbox",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("topic", Text, nullable=False),  # "video.changed", "job.changed", "clip.changed"
    Column("subject", Text, nullable=False),  # the id of what changed
    Column("audience", Text, nullable=False),  # "*", "administrators", "processes", or one account's id
    Column("payload", Document, nullable=False),
    Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
