"""Whether anybody has committed anything since: what an answer kept from before is held against."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Hashable
from typing import Protocol

from cutroom.db.engine import Database
from cutroom.db.wal_index import WalIndex
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


class _SQLiteCommits(WalIndex):
    """What every process writes into shared memory."""

    staleness_seconds = 0.0

    async def close(self) -> None:
        """Look no more."""
        self.let_go()


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
