"""Scans on the server: what they were asked, every file of each, schedules, checksums"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
RANKS = ("corrupt", "suspect", "unreadable", "crashed", "timed-out", "not-video", "note", "healthy")
BATCH = 1000


def upgrade() -> None:
    op.add_column("scans", sa.Column("origin", sa.Text(), nullable=False, server_default="command line"))
    op.add_column("scans", sa.Column("library", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("scans", sa.Column("options", DOCUMENT, nullable=True))
    op.add_column("scans", sa.Column("schedule_id", sa.Text(), nullable=True))
    op.add_column("scans", sa.Column("job_id", sa.Text(), nullable=True))
    op.add_column("scans", sa.Column("files_total", sa.BigInteger(), nullable=True))
    op.add_column("scans", sa.Column("eta_seconds", sa.Float(), nullable=True))
    op.add_column("scans", sa.Column("current", sa.Text(), nullable=True))
    op.add_column("scans", sa.Column("error", DOCUMENT, nullable=True))
    op.create_table(
        "scan_files",
        sa.Column("scan_id", sa.Text(), nullable=False),
        sa.Column("result_id", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["scan_id"], ["scans.id"], name=op.f("fk_scan_files_scan_id_scans"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["result_id"], ["scan_results.id"], name=op.f("fk_scan_files_result_id_scan_results"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("scan_id", "result_id", name=op.f("pk_scan_files")),
    )
    op.create_index("ix_scan_files_listed", "scan_files", ["scan_id", "rank", "path", "result_id"])
    op.create_index("ix_scan_files_result", "scan_files", ["result_id"])
    op.create_table(
        "scan_schedules",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roots", DOCUMENT, nullable=False),
        sa.Column("library", sa.Integer(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("rescan", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Integer(), nullable=False),
        sa.Column("next_run_at", sa.BigInteger(), nullable=True),
        sa.Column("last_scan_id", sa.Text(), nullable=True),
        sa.Column("last_run_at", sa.BigInteger(), nullable=True),
        sa.Column("error", DOCUMENT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_schedules")),
    )
    op.create_table(
        "file_hashes",
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_file_hashes")),
    )
    op.create_index("ix_file_hashes_hash", "file_hashes", ["content_hash"])
    _list_old_results()


def _list_old_results() -> None:
    """The files of earlier scans, as far as it is known which they were."""
    conn, last = op.get_bind(), 0
    rows = sa.text(
        "SELECT id, scan_id, path, status, size_bytes, mtime_ns, content_hash, created_at FROM scan_results "
        "WHERE id > :last ORDER BY id LIMIT :most"
    )
    link = sa.text(
        "INSERT INTO scan_files (scan_id, result_id, kept, rank, path) VALUES (:scan_id, :id, 0, :rank, :shown)"
    )
    while found := conn.execute(rows, {"last": last, "most": BATCH}).mappings().all():
        last = found[-1]["id"]
        conn.execute(
            link,
            [
                {
                    "scan_id": row["scan_id"],
                    "id": row["id"],
                    "rank": RANKS.index(row["status"]),
                    "shown": bytes(row["path"]).decode("utf-8", "backslashreplace"),
                }
                for row in found
            ],
        )
    conn.execute(
        sa.text(
            "INSERT INTO file_hashes (path, size_bytes, mtime_ns, content_hash, taken_at) "
            "SELECT path, size_bytes, mtime_ns, content_hash, created_at FROM scan_results WHERE id IN "
            "(SELECT max(id) FROM scan_results WHERE content_hash IS NOT NULL GROUP BY path)"
        )
    )


def downgrade() -> None:
    op.drop_table("file_hashes")
    op.drop_table("scan_schedules")
    op.drop_table("scan_files")
    for name in (
        "origin", "library", "options", "schedule_id", "job_id", "files_total", "eta_seconds", "current", "error"
    ):  # fmt: skip
        op.drop_column("scans", name)
