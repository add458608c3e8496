"""Bring a database to this version's schema at start-up: refuse a newer one, back up an older one, then upgrade."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.db.backup import back_up_sqlite
from cutroom.db.engine import Database

if TYPE_CHECKING:  # it takes a quarter of a second to load, and almost no start has anything to upgrade
    from alembic.config import Config

_LOCK = 0x6375_7472  # any number of ours: servers and workers that start together upgrade one after another
MIGRATIONS = Path(__file__).parent / "migrations"
REVISIONS = tuple(sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")))
"""Every revision, the newest last: a file's name begins with its own."""


async def upgrade(database: Database, *, sqlite_path: Path | None) -> None:
    """Upgrade to the newest revision; a SQLite file is copied to `backups/` beside it first.

    Raises `db.newer` when the database was written by a newer Cutroom: nothing is touched then.
    """
    async with database.engine.connect() as conn:
        current = await conn.run_sync(_current)
    head = REVISIONS[-1]
    if current == head:
        return
    if current is not None and current not in REVISIONS:
        raise CutroomError(
            "db.newer",
            f"The database is at revision {current}, which is newer than this Cutroom knows ({head}).",
            hint="Install the newer Cutroom, or restore a backup from the data directory's backups folder.",
            kind=ErrorKind.CONFLICT,
        )
    if current is not None and sqlite_path is not None:
        backup_sqlite(sqlite_path, label=f"before-{head}")
    async with database.engine.connect() as conn:
        writer = await conn.execution_options(cutroom_write="FULL", cutroom_unhurried=True)
        async with writer.begin():
            if not database.is_sqlite:  # whose write transaction is the lock
                await writer.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            await writer.run_sync(_run)


def backup_sqlite(path: Path, *, label: str) -> Path:
    """Copy a live SQLite database to the folder `backups` beside it; the copy's path."""
    folder = path.parent / "backups"
    target = folder / f"{path.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{label}.db"
    back_up_sqlite(path, target)
    return target


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _current(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _run(conn: Connection) -> None:
    from alembic import command

    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
