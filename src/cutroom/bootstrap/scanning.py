"""What a scan from the command line needs of the house: the database and nothing else, so that it starts quickly."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cutroom.bootstrap.datadir import DataDirectory
from cutroom.bootstrap.settings import Settings
from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.db.backup import back_up_postgres, back_up_sqlite
from cutroom.db.engine import Database, Transaction
from cutroom.db.location import refuse_network_share
from cutroom.db.refusals import explain
from cutroom.db.upgrade import upgrade
from cutroom.events.announce import Announcer
from cutroom.inspection.events import FilesInspected
from cutroom.inspection.scan_history import ScanHistory
from cutroom.inspection.scans import ScanService

if TYPE_CHECKING:
    from cutroom.inspection.hashes import KeptHashes

_USED = text("SELECT 1 FROM accounts UNION ALL SELECT 1 FROM videos LIMIT 1")
_WITHOUT = "Choose another place with --data, or keep nothing with --no-database."


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database of the settings, brought to this version. Every failure to get there is a `CutroomError`."""
    data = DataDirectory(settings.data)
    data.create()
    if not settings.database.url:
        refuse_network_share(data.root)
    database = Database(settings.database.url or f"sqlite:///{data.database}", pooling=settings.database.pooling())
    try:
        await _upgrade(database, data)
        yield database
    finally:
        await database.close()


def back_up(settings: Settings, target: Path | None = None) -> Path:
    """Copy the database to `target` (None: the backups folder) while it is in use; the copy's path.

    Raises `db.missing`, what `db.backup` does, and what the disk refuses.
    """
    data, url = DataDirectory(settings.data), settings.database.url
    on_server = bool(url) and not url.startswith("sqlite")
    if not on_server and not data.database.exists():
        message = f"There is no database in {str(data.root)!r} yet."
        raise CutroomError("db.missing", message, kind=ErrorKind.NOT_FOUND)
    if target is None:
        name = f"cutroom-{datetime.now(UTC):%Y%m%dT%H%M%S}-by-hand"
        target = data.backups / f"{name}.{'dump' if on_server else 'db'}"
    try:
        if on_server:
            back_up_postgres(url, target)
        else:
            back_up_sqlite(data.database, target)
        return target
    except sqlite3.Error as error:
        raise explain(error) from error
    except OSError as error:
        message = f"The backup cannot be written: {error.strerror or error}."
        raise CutroomError("db.backup-failed", message, kind=ErrorKind.FAILED) from error


def scans_of(database: Database, settings: Settings) -> ScanService:
    """Scans, for who runs one. What they find is shown in the library too, whose rooms are built when it has videos."""
    announcer, house = Announcer(), _House(settings)
    announcer.subscribe(FilesInspected, house.take)
    return ScanService(database, announcer)


def hashes_of(database: Database) -> KeptHashes:
    """Checksums, for who looks for duplicates."""
    from cutroom.inspection.hashes import KeptHashes

    return KeptHashes(database)


def history_of(database: Database) -> ScanHistory:
    """Scans, for who reads about them."""
    return ScanHistory(database)


class _House:
    """Passes on what was inspected to the library and the webhooks of a whole Cutroom, where there is anything."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._announcer: Announcer | None = None

    async def take(self, tx: Transaction, event: FilesInspected) -> None:
        """Cheap where nobody uses more than the inspector."""
        if self._announcer is None and not (await tx.conn.execute(_USED)).first():
            return
        if self._announcer is None:
            from cutroom.bootstrap.container import build

            self._announcer = build(self._settings).announcer
        await self._announcer.announce(tx, event)


async def _upgrade(database: Database, data: DataDirectory) -> None:
    try:
        await upgrade(database, sqlite_path=data.database if database.is_sqlite else None)
    except (CutroomError, DBAPIError, sqlite3.Error) as error:
        found = error if isinstance(error, CutroomError) else explain(error)
        if not isinstance(found, CutroomError) or found.code == "db.newer":
            raise
        raise CutroomError(
            found.code, found.message, hint=f"{found.hint or ''} {_WITHOUT}".strip(), kind=found.kind
        ) from error
