"""Whether anybody has committed anything since: what an answer kept from before is held against."""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import sqlite3
from collections.abc import Hashable
from typing import Protocol

from cutroom.db.engine import Database
from cutroom.db.watch import ChangeWatch, watch


class Commits(Protocol):
    """A number that is another one after each commit."""

    staleness_seconds: float
    """How long a commit of another process may go unnoticed."""

    def number(self) -> Hashable | None:
        """What stands for the number now; None where it cannot be told, and nothing kept may be used."""

    async def close(self) -> None:
        """Let go of the database."""


async def commits(database: Database) -> Commits:
    """The counter that suits the engine."""
    path = database.engine.url.database
    if database.is_sqlite and path is not None:
        return _SQLiteCommits(path)
    return await _PostgresCommits.open(database)


_INDEXES: dict[tuple[int, int], tuple[int, mmap.mmap]] = {}
"""Mapped WAL indexes by device and inode, for the life of the process: closing any descriptor of such a file would drop
every lock that SQLite holds on it here (POSIX says so), and with them what keeps other processes from truncating it."""
_HEADER = 48
"""Bytes of the first copy of the header, which each commit changes (sqlite.org/walformat.html, 2.1)."""


class _SQLiteCommits:
    """The header of SQLite's WAL index, in memory that all processes share: what `PRAGMA data_version` looks at too,
    for a fortieth of its cost. A header that is being written differs from the one before and from the one after.
    """

    staleness_seconds = 0.0

    def __init__(self, path: str) -> None:
        # The index is deleted with the last connection, so one is held.
        self._conn = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
        self._conn.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
        self._index: mmap.mmap | None = _mapped(f"{path}-shm")

    def number(self) -> Hashable | None:
        """Differs from before as soon as a commit is visible."""
        return self._index[:_HEADER] if self._index is not None else None

    async def close(self) -> None:
        """Look no more."""
        self._index = None
        self._conn.close()


def _mapped(path: str) -> mmap.mmap:
    found = os.stat(path)  # noqa: PTH116
    place = (found.st_dev, found.st_ino)
    if place not in _INDEXES:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        _INDEXES[place] = (descriptor, mmap.mmap(descriptor, _HEADER, prot=mmap.PROT_READ))
    return _INDEXES[place][1]


class _PostgresCommits:
    """Counts this process's own commits as they happen, and the others' as PostgreSQL tells of them."""

    staleness_seconds = 1.0

    def __init__(self, database: Database, told: ChangeWatch) -> None:
        self._database = database
        self._told = told
        self._others = 0
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def open(cls, database: Database) -> _PostgresCommits:
        return cls(database, await watch(database))

    def number(self) -> Hashable | None:
        """Differs from before after an own commit at once, and after another's within a moment."""
        return None if self._listening.done() else self._database.commits + self._others

    async def close(self) -> None:
        """Stop listening."""
        self._listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listening
        await self._told.close()

    async def _listen(self) -> None:
        while True:
            self._told.rearm()
            # Not all that is committed is told of: what is not is noticed after `staleness_seconds`.
            await self._told.wait(self.staleness_seconds)
            self._others += 1
