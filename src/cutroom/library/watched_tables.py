"""Folders whose footage is added as it comes."""

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, Text

from cutroom.db.base import Document, Instant, metadata

watched_folders = Table(
    "watched_folders",
    metadata,
    Column("id", Text, primary_key=True),  # wfo_…
    Column("location", LargeBinary, nullable=False),  # os.fsencode of the absolute path
    Column("owner_id", Text, ForeignKey("accounts.id")),  # None: from the command line
    Column("visibility", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("looked_at", Instant),  # when all of it was last looked through
    Column("method", Text),  # events, polling
    Column("error", Document),  # ErrorDocument: why it is not being watched
    Index("uq_watched_folders_location", "location", unique=True),
)
