"""Notice that somebody has committed, in whichever process: what live pages and the job runner wake up on."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any, Protocol

from cutroom.db.engine import Database
from cutroom.db.inotify import FileNotices
from cutroom.db.wal_index import WalIndex

CHANNEL = "cutroom_changed"
"""The PostgreSQL channel that a transaction notifies when it has something for others."""

_POLL_SECONDS = 0.025
_UNTOLD_SECONDS = 0.5
_SETTLING_SECONDS = (0.0, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032)


class ChangeWatch(Protocol):
    """A wake-up. Call `rearm`, look at the database, then `wait`: a commit in between is not lost."""

    def rearm(self) -> None:
        """Forget what has happened so far."""

    async def wait(self, timeout_seconds: float) -> bool:
        """Until somebody commits after `rearm`, or `nudge`; False when the time ran out first."""

    def nudge(self) -> None:
        """Let `wait` return now, or the next one at once if there is none."""

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
    """Looks at the WAL's index, in shared memory, when the kernel says that the log was written to.

    Where it does not say so, and to be safe anyway, it looks from time to time.
    """

    def __init__(self, path: str) -> None:
        self._index = WalIndex(path)
        self._told = asyncio.Event()
        self._notices = FileNotices.of(Path(f"{path}-wal"), self._told)
        self._nudged = False
        self._handled = 0  # notices
        self._last = self._seen = self._index.number()

    def rearm(self) -> None:
        self._seen = self._last  # not looked up anew: what was committed since is found by `wait`

    async def wait(self, timeout_seconds: float) -> bool:
        until = asyncio.get_running_loop().time() + timeout_seconds
        pause = _POLL_SECONDS if self._notices is None else _UNTOLD_SECONDS
        while not self._nudged:
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            if await _told(self._told, min(pause, left)):
                if self._nudged or await self._settles():
                    break
            elif self._has_moved():
                break
        if self._nudged and self._noticed() == self._handled:
            self._told.clear()
        self._nudged = False
        return True

    def nudge(self) -> None:
        self._nudged = True
        self._told.set()

    async def close(self) -> None:
        if self._notices is not None:
            self._notices.close()
        self._index.let_go()

    async def _settles(self) -> bool:
        """The counter follows the write after a moment, or after a flush to the disk, or never: a rollback."""
        for pause in _SETTLING_SECONDS:
            self._told.clear()
            self._handled = self._noticed()
            if self._has_moved():
                return True
            await _told(self._told, pause)
        return False

    def _noticed(self) -> int:
        return 0 if self._notices is None else self._notices.count

    def _has_moved(self) -> bool:
        self._last = self._index.number()
        return self._last != self._seen


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
        return await _told(self._told, timeout_seconds)

    def nudge(self) -> None:
        self._told.set()

    async def close(self) -> None:
        self._pooled.invalidate()

    def _on_notice(self, *_: object) -> None:
        self._told.set()


async def _told(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
            return True
    return False
