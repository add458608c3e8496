"""Hooks, and the messages on their way to them."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text, text

from cutroom.db.base import Document, Instant, metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Text, primary_key=True),  # hook_…
    Column("url", Text, nullable=False),
    Column("events", Document, nullable=False),  # [name, …]
    Column("enabled", Integer, nullable=False),
    Column("note", Text),
    Column("secret", Text, nullable=False),  # whsec_…; signing needs it itself, so no hash will do
    Column("previous_secret", Text),
    Column("previous_until", Instant),
    Column("failing_since", Instant),
    Column("delivered_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Text, primary_key=True),  # del_…
    Column("hook_id", Text, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("message_id", Text, nullable=False),  # msg_…, the same for every hook that is told of it
    Column("event", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),  # pending, delivered, failed
    Column("attempts", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("next_attempt_at", Instant),
    Column("lease_boot", Text),  # SQLite: the boot the monotonic instant belongs to
    Column("lease_until", Instant),  # SQLite: monotonic µs; PostgreSQL: the database's clock
    Column("attempted_at", Instant),
    Column("duration_ms", Integer),
    Column("response_status", Integer),
    Column("response_excerpt", Text),
    Column("error", Document),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Index(
        "ix_webhook_deliveries_due",
        "next_attempt_at",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index("ix_webhook_deliveries_hook", "hook_id", text("created_at DESC"), text("id DESC")),
    Index("ix_webhook_deliveries_created", "created_at"),
)
