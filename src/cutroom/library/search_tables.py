"""What is searched: one document a video, with a column for each kind of text that a domain contributes."""

from sqlalchemy import BigInteger, Column, Computed, ForeignKey, Index, Table, Text
from sqlalchemy.dialects.postgresql import TSVECTOR

from cutroom.db.base import Serial, metadata

_WORDS = (
    "setweight(to_tsvector('simple', name), 'A') || setweight(to_tsvector('simple', tags), 'B') || "
    "setweight(to_tsvector('simple', transcript), 'C')"
)

documents = Table(
    "search_documents",
    metadata,
    Column("place", Serial, primary_key=True, autoincrement=True),  # ascends as videos are added
    Column("video_id", Text, ForeignKey("videos.id", ondelete="CASCADE"), nullable=False),
    # Words as `core.words` has them, with spaces between.
    Column("name", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("transcript", Text, nullable=False),
    # PostgreSQL only; on SQLite the FTS5 table search_words follows by triggers.
    Column("words", TSVECTOR, Computed(_WORDS, persisted=True), nullable=True, info={"only": "postgresql"}),
    Index("uq_search_documents_video", "video_id", unique=True),
    Index("ix_search_documents_words", "words", postgresql_using="gin", info={"only": "postgresql"}),
    sqlite_autoincrement=True,
)

known_terms = Table(
    "search_terms",
    metadata,
    Column("term", Text, primary_key=True),  # in the order of its bytes
)

known_slips = Table(
    "search_slips",
    metadata,
    # Every known word, and every word that lacks one of its letters.
    Column("slip", Text, primary_key=True),
    Column("term", Text, primary_key=True),
)

video_counts = Table(
    "video_counts",
    metadata,
    # How many videos there are of each sort; on SQLite triggers keep it, on PostgreSQL it is empty.
    Column("owner_id", Text, primary_key=True),  # "": nobody's
    Column("visibility", Text, primary_key=True),
    Column("verdict", Text, primary_key=True),
    Column("proxy_state", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)
