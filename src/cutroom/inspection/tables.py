"""Verdicts: those of videos, whose newest one a row shows, and those of files that `cutroom inspect` looked at."""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from cutroom.db.base import Document, Instant, Serial, metadata

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

scans = Table(
    "scans",
    metadata,
    Column("id", Text, primary_key=True),  # scn_…
    Column("request", Text, nullable=False),  # what was asked, as a hash: the same question resumes its open scan
    Column("roots", Document, nullable=False),  # the paths as they are shown
    Column("mode", Text, nullable=False),
    Column("state", Text, nullable=False),  # queued, running, stopped, done, abandoned
    Column("rules_version", Integer, nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("kept", BigInteger, nullable=False),  # files whose earlier verdict was reported again
    Column("statuses", Document, nullable=False),  # {status: files}
    Column("seconds", Float, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("origin", Text, nullable=False),  # page, schedule, command line
    Column("library", Integer, nullable=False),  # 1: every video of the library, and no roots
    Column("options", Document),  # what is asked besides roots and mode, and the roots' bytes; None: before 0004
    Column("schedule_id", Text),
    Column("job_id", Text),  # None: the command line's own
    Column("files_total", BigInteger),  # None while they are counted
    Column("eta_seconds", Float),
    Column("current", Text),  # a file that is being read
    Column("error", Document),  # {code, message, hint}
    Index("ix_scans_request", "request", text("started_at DESC")),
    Index("ix_scans_started", text("started_at DESC")),
)

scan_results = Table(
    "scan_results",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("scan_id", Text, ForeignKey("scans.id", ondelete="CASCADE"), nullable=False),
    Column("path", LargeBinary, nullable=False),  # absolute, as the file system has it: names need not be UTF-8
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("mode", Text, nullable=False),
    Column("rules_version", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("severity", Text),
    Column("duration_seconds", Float),
    Column("seconds_spent", Float, nullable=False),
    Column("findings", Document, nullable=False),
    Column("content_hash", Text),  # of the whole file, where the mode reads it
    Column("probe", Text),  # media.facts.Probe as JSON text, which is read many times faster; None: not to be opened
    Column("created_at", Instant, nullable=False),
    Index("ix_scan_results_path", "path", "id"),
    Index("ix_scan_results_scan", "scan_id"),
    sqlite_autoincrement=True,
)

scan_files = Table(
    "scan_files",
    metadata,
    # Every file of a scan, those included whose verdict an earlier scan gave, in the order that pages list them in.
    Column("scan_id", Text, ForeignKey("scans.id", ondelete="CASCADE"), primary_key=True),
    Column("result_id", BigInteger, ForeignKey("scan_results.id", ondelete="CASCADE"), primary_key=True),
    Column("kept", Integer, nullable=False),  # 1: the verdict is an earlier scan's
    Column("rank", Integer, nullable=False),  # `Status.rank`, the worst first
    Column("path", Text, nullable=False),  # as it is shown
    Index("ix_scan_files_listed", "scan_id", "rank", "path", "result_id"),
    Index("ix_scan_files_result", "result_id"),
)

scan_schedules = Table(
    "scan_schedules",
    metadata,
    Column("id", Text, primary_key=True),  # sch_…
    Column("name", Text, nullable=False),
    Column("roots", Document, nullable=False),
    Column("library", Integer, nullable=False),
    Column("mode", Text, nullable=False),
    Column("cron", Text, nullable=False),  # five fields, in the server's time zone
    Column("rescan", Integer, nullable=False),
    Column("enabled", Integer, nullable=False),
    Column("next_run_at", Instant),
    Column("last_scan_id", Text),
    Column("last_run_at", Instant),
    Column("error", Document),  # why the newest run could not begin
    Column("created_at", Instant, nullable=False),
)

file_hashes = Table(
    "file_hashes",
    metadata,
    # The newest checksum of each path's whole contents, with what tells that they are still the same.
    Column("path", LargeBinary, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("taken_at", Instant, nullable=False),
    Index("ix_file_hashes_hash", "content_hash"),
)
