"""The job table: the only truth about work."""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, Table, Text, text

from cutroom.db.base import Document, Instant, metadata

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),  # job_…
    Column("kind", Text, nullable=False),  # "inspect", "hash", "preview", "proxy", "clip"
    Column("queue", Text, nullable=False),  # "inspect", "io", "preview", "encode", "clip"
    Column("payload", Document, nullable=False),
    Column("payload_version", Integer, nullable=False),
    Column("subject", Text, nullable=False),  # the id of the video, asset or clip it works for
    Column("owner_id", Text),  # whose page shows it; None: everybody's
    Column("title", Text, nullable=False),  # what a person reads: "Proxy of talk-720p.mp4"
    Column("parent_id", Text),  # the job whose part it is; it ends with that one
    Column("batch_id", Text),  # what names the jobs that somebody asked for together
    Column("state", Text, nullable=False),  # waiting, queued, running, paused, done, failed, cancelled
    Column("stage", Text),
    Column("progress", Float, nullable=False),  # 0 to 1; of all its parts together while it waits for them
    Column("speed", Float),  # progress a second, lately
    Column("priority", Integer, nullable=False),  # larger first
    Column("attempts", Integer, nullable=False),  # counted at the claim
    Column("max_attempts", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False),  # grows at each claim; a stale writer's is smaller
    Column("not_before", Instant, nullable=False),
    Column("pending", Integer, nullable=False),  # how many of the jobs it needs are not done yet
    Column("needed", Integer, nullable=False),  # whether others wait for it
    Column("idempotency_key", Text),
    Column("cancel_requested", Integer, nullable=False),
    Column("pause_requested", Integer, nullable=False),
    Column("lease_owner", Text),  # the supervisor's id
    Column("lease_boot", Text),  # SQLite: the boot the monotonic instant belongs to
    Column("lease_until", Instant),  # SQLite: monotonic µs; PostgreSQL: the database's clock
    Column("process_group", Integer),
    Column("process_started", Float),  # seconds since the epoch, as the system reports it
    Column("error", Document),  # {code, message, hint}
    Column("result", Document),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Index(
        "ix_jobs_claim",
        "queue",
        text("priority DESC"),
        "created_at",
        sqlite_where=text("state = 'queued'"),
        postgresql_where=text("state = 'queued'"),
    ),
    Index(
        "ix_jobs_running",
        "lease_until",
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
    Index("ix_jobs_created", text("created_at DESC"), text("id DESC")),
    Index("ix_jobs_subject", "subject"),
    Index(
        "ix_jobs_parent",
        "parent_id",
        sqlite_where=text("parent_id IS NOT NULL"),
        postgresql_where=text("parent_id IS NOT NULL"),
    ),
    Index(
        "ix_jobs_open_parts",
        "parent_id",
        sqlite_where=text("parent_id IS NOT NULL AND finished_at IS NULL"),
        postgresql_where=text("parent_id IS NOT NULL AND finished_at IS NULL"),
    ),
    Index(
        "ix_jobs_batch",
        "batch_id",
        sqlite_where=text("batch_id IS NOT NULL"),
        postgresql_where=text("batch_id IS NOT NULL"),
    ),
    Index(
        "ix_jobs_finished",
        "finished_at",
        sqlite_where=text("finished_at IS NOT NULL"),
        postgresql_where=text("finished_at IS NOT NULL"),
    ),
    Index(
        "uq_jobs_active_key",
        "idempotency_key",
        unique=True,
        sqlite_where=text("state IN ('waiting', 'queued', 'running', 'paused')"),
        postgresql_where=text("state IN ('waiting', 'queued', 'running', 'paused')"),
    ),
)

job_needs = Table(
    "job_needs",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("needs_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_job_needs_needs", "needs_id"),
)

job_attempts = Table(
    "job_attempts",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("fence", BigInteger, primary_key=True),
    Column("number", Integer, nullable=False),  # as people count: one that was given back is tried again
    Column("worker", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("outcome", Text),  # done, failed, cancelled, lost, released, paused
    Column("error", Document),
    Column("stages", Document),  # [{stage, at}], in order
    Column("log", Text),  # the end of what its process printed
)
