"""Notice that somebody has committed, in whichever process: what live pages and the job runner wake up on."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from typing import Any, Protocol

from cutroom.db.engine import Database

CHANNEL = "cutroom_changed"
"""The PostgreSQL channel that a transaction notifies when it has something for others."""

_POLL_SECONDS = 0.025


class ChangeWatch(Protocol):
    """A wake-up. Call `rearm`, look at the database, then `wait`: a commit in between is not lost."""

    def rearm(self) -> None:
        """Forget what has happened so far."""

    async def wait(self, timeout_seconds: float) -> bool:
        """Until somebody commits after `rearm`; False when the time ran out first."""

    async def close(self) -> None:
        """Let go of the connection."""


async def watch(database: Database) -> ChangeWatch:
    """The watch that suits the engine."""
    if database.is_sqlite:
        path = database.engine.url.database
        if path is None:
            raise ValueError("A database in memory has no other writers to watch.")
        return _SQLiteWatch(path)
    return await _PostgresWatch.open(database)


class _SQLiteWatch:
    """Polls `PRAGMA data_version`, which reads a counter in shared memory: about 10 µs a look."""

    def __init__(self, path: str) -> None:
        self._conn = sqlite3.connect(path, isolation_level=None, timeout=0.05)
        self._seen = self._version()

    def rearm(self) -> None:
        self._seen = self._version()

    async def wait(self, timeout_seconds: float) -> bool:
        until = asyncio.get_running_loop().time() + timeout_seconds
        while self._version() == self._seen:
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            await asyncio.sleep(min(_POLL_SECONDS, left))
        return True

    async def close(self) -> None:
        self._conn.close()

    def _version(self) -> int:
        with contextlib.suppress(sqlite3.OperationalError):  # busy for a moment: look again at the next poll
            version: int = self._conn.execute("PRAGMA data_version").fetchone()[0]
            return version
        return -1


class _PostgresWatch:
    """Listens on `CHANNEL`; the caller's own timeout covers a lost connection."""

    def __init__(self, pooled: Any) -> None:
        self._pooled = pooled
        self._told = asyncio.Event()

    @classmethod
    async def open(cls, database: Database) -> _PostgresWatch:
        pooled = await database.engine.raw_connection()
        listening = cls(pooled)
        await pooled.driver_connection.add_listener(CHANNEL, listening._on_notice)  # type: ignore[union-attr]
        return listening

    def rearm(self) -> None:
        self._told.clear()

    async def wait(self, timeout_seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self._told.wait()
                return True
        return False

    async def close(self) -> None:
        self._pooled.invalidate()

    def _on_notice(self, *_: object) -> None:
        self._told.set()
