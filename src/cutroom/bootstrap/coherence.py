"""How what a transaction touched leaves every process's cache: with Redis and without.

Its tags are appended to the outbox inside the transaction, and invalidated here when it is committed; every server
process follows the outbox and does the same.
"""

from __future__ import annotations

from cutroom.cache import TieredCache
from cutroom.core.ids import new_id
from cutroom.db.engine import Database, Transaction
from cutroom.events import service as events
from cutroom.events.models import PROCESSES, OutboxRow

TOPIC = "cache.cleared"


class Coherence:
    """Keeps one process's cache in step with the others'."""

    def __init__(self, database: Database, cache: TieredCache) -> None:
        self._database = database
        self._cache = cache
        self.follows = False  # whether this process reads the outbox, and `heard` is called
        self._done: set[str] = set()  # marks of rows that were acted on here before they were read
        database.before_commit = self._before_commit

    async def clear(self, *, pattern: str | None, tags: list[str]) -> int:
        """Forget values by pattern and by tags in every process; how many the pattern found here and in Redis."""
        async with self._database.transaction() as tx:
            await events.append(tx, TOPIC, new_id("clr"), PROCESSES, {"pattern": pattern, "tags": tags})
        await self._cache.invalidate(*tags)
        return await self._cache.clear(pattern) if pattern is not None else 0

    async def heard(self, row: OutboxRow) -> None:
        """A row of the outbox that some process, or this one, has written."""
        if row.topic != TOPIC or row.subject in self._done:
            self._done.discard(row.subject)
            return
        await self._cache.invalidate(*row.payload["tags"])
        if row.payload["pattern"] is not None:
            await self._cache.clear(row.payload["pattern"])

    async def _before_commit(self, tx: Transaction) -> None:
        tags, mark = sorted(tx.tags), new_id("clr")
        await events.append(tx, TOPIC, mark, PROCESSES, {"pattern": None, "tags": tags})

        async def committed() -> None:
            await self._cache.invalidate(*tags)
            if self.follows:
                self._done.add(mark)

        tx.after_commit(committed)
