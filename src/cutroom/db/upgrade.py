"""Bring a database to this version's schema at start-up: refuse a newer one, back up an older one, then upgrade."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.db.backup import back_up_sqlite
from cutroom.db.engine import Database

_LOCK = 0x6375_7472  # any number of ours: servers and workers that start together upgrade one after another
MIGRATIONS = Path(__file__).parent / "migrations"


async def upgrade(database: Database, *, sqlite_path: Path | None) -> None:
    """Upgrade to the newest revision; a SQLite file is copied to `backups/` beside it first.

    Raises `db.newer` when the database was written by a newer Cutroom: nothing is touched then.
    """
    async with database.engine.connect() as conn:
        current = await conn.run_sync(_current)
    script = ScriptDirectory.from_config(_config())
    head = script.get_current_head()
    if current == head:
        return
    known = {revision.revision for revision in script.walk_revisions()}
    if current is not None and current not in known:
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
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _current(conn: Connection) -> str | None:
    return MigrationContext.configure(conn).get_current_revision()


def _run(conn: Connection) -> None:
    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
