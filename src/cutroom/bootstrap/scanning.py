"""What a scan from the command line needs of the house: the database and nothing else, so that it starts quickly."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError

from cutroom.bootstrap.datadir import DataDirectory
from cutroom.bootstrap.settings import Settings
from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.db.engine import Database, explain
from cutroom.db.location import refuse_network_share
from cutroom.db.upgrade import upgrade
from cutroom.inspection.scan_history import ScanHistory
from cutroom.inspection.scans import ScanService

_WITHOUT = "Choose another place with --data, or keep nothing with --no-database."


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database of the settings, brought to this version. Every failure to get there is a `CutroomError`."""
    data = DataDirectory(settings.data)
    data.create()
    if not settings.database.url:
        refuse_network_share(data.root)
    database = Database(
        settings.database.url or f"sqlite:///{data.database}",
        pool_size=settings.database.pool_size,
        busy_seconds=settings.database.busy_seconds,
    )
    try:
        await _upgrade(database, data)
        yield database
    finally:
        await database.close()


def scans_of(database: Database) -> ScanService:
    """Scans, for who runs one."""
    return ScanService(database)


def history_of(database: Database) -> ScanHistory:
    """Scans, for who reads about them."""
    return ScanHistory(database)


async def _upgrade(database: Database, data: DataDirectory) -> None:
    try:
        await upgrade(database, sqlite_path=data.database if database.is_sqlite else None)
    except (DBAPIError, sqlite3.Error) as error:
        found = explain(error)
        raise CutroomError(
            found.code, found.message, hint=f"{found.hint or ''} {_WITHOUT}".strip(), kind=found.kind
        ) from error
    except OSError as error:  # a PostgreSQL server that is not there
        message = f"The database cannot be reached: {error.strerror or error}."
        raise CutroomError("db.unreachable", message, hint=_WITHOUT, kind=ErrorKind.UNAVAILABLE) from error
