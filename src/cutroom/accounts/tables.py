"""People, their sessions and tokens, one-time links, and who did what."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text, text

from cutroom.db.base import Document, Instant, Serial, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),  # acc_…
    Column("name", Text, nullable=False, unique=True),  # stored case-folded
    Column("password_hash", Text),  # argon2id; None: cannot sign in with a password
    Column("role", Text, nullable=False),  # viewer, editor, administrator
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", Text, primary_key=True),  # sha256 of the cookie's value
    Column("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("user_agent", Text),
    Index("ix_sessions_account", "account_id"),
)

login_links = Table(
    "login_links",
    metadata,
    Column("secret_hash", Text, primary_key=True),  # sha256 of the link's secret
    Column("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE")),  # None: creates the administrator
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),  # tok_…
    Column("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("secret_hash", Text, nullable=False, unique=True),  # sha256; the secret has 256 random bits
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("expires_at", Instant),
    Index("ix_tokens_account", "account_id"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("created_at", Instant, nullable=False),
    Column("account_id", Text),  # None: the system, or nobody signed in
    Column("action", Text, nullable=False),  # "session.create", "video.add", …
    Column("subject", Text, nullable=False),
    Column("remote", Text),
    Column("detail", Document, nullable=False),
    Index("ix_audit_created", text("id DESC")),
    sqlite_autoincrement=True,
)
