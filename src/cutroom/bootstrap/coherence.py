"""How what a transaction touched leaves every process's cache: with Redis and without.

Its tags are appended to the outbox inside the transaction, and invalidated here when it is committed; every server
process follows the outbox and does the same.
"""

from __future__ import annotations

from cutroom.cache import TieredCache
from cutroom.db.engine import Database, Transaction
from cutroom.events import service as events
from cutroom.events.models import PROCESSES, OutboxRow

TOPIC = "cache.cleared"


class Coherence:
    """Keeps one process's cache in step with the others'."""

    def __init__(self, database: Database, cache: TieredCache) -> None:
        self._database = database
        self._cache = cache
        database.before_commit = self._before_commit

    async def clear(self, *, pattern: str | None, tags: list[str]) -> int:
        """Forget values by pattern and by tags in every process; how many the pattern found here and in Redis."""
        async with self._database.transaction() as tx:
            await events.append(tx, TOPIC, "", PROCESSES, {"pattern": pattern, "tags": tags})
        await self._cache.invalidate(*tags)
        return await self._cache.clear(pattern) if pattern is not None else 0

    async def heard(self, row: OutboxRow) -> None:
        """A row of the outbox that some process, or this one, has written."""
        if row.topic != TOPIC:
            return
        await self._cache.invalidate(*row.payload["tags"])
        if row.payload["pattern"] is not None:
            await self._cache.clear(row.payload["pattern"])

    async def _before_commit(self, tx: Transaction) -> None:
        tags = sorted(tx.tags)
        await events.append(tx, TOPIC, "", PROCESSES, {"pattern": None, "tags": tags})
        tx.after_commit(lambda: self._cache.invalidate(*tags))
