"""The keys that sign addresses, and what was counted."""

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from cutroom.db.base import Instant, metadata

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

delivery_counts = Table(
    "delivery_counts",
    metadata,
    Column("day", Text, primary_key=True),  # 2026-12-31, UTC
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
