"""Reading from PostgreSQL on connections that stay out of the pool between two looks.

The pool asks each connection that it hands out whether it lives, in a transaction, and rolls back each that comes
home: five round trips for a question that takes one (decision 71).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import QueuePool

from cutroom.db.pooling import Pooling
from cutroom.db.prepared import READS

T = TypeVar("T")


class KeptConnections:
    """Up to half of a pool's, free for the next look."""

    def __init__(self, engine: AsyncEngine, pooling: Pooling) -> None:
        self._engine = engine
        self._pooling = pooling
        self._free: list[tuple[AsyncConnection, float]] = []  # and since when it is kept

    @property
    def free(self) -> int:
        """How many nobody is using."""
        return len(self._free)

    async def run(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        """What `work` returns. Prepared statements need no transaction; what SQLAlchemy asks begins one as usual."""
        conn, since = await self._take()
        info = _pooled(conn).info
        info[READS] = True
        try:
            found = await work(conn)
            if conn.in_transaction():
                await conn.rollback()
        except BaseException:
            info.pop(READS)
            await conn.close()
            raise
        info.pop(READS)
        if len(self._free) < self._pooling.size // 2:
            self._free.append((conn, since))
        else:
            await conn.close()
        return found

    async def make_room(self) -> None:
        """Give one back to the pool when everything else of it is in use."""
        pool = cast(QueuePool, self._engine.pool)
        if self._free and pool.checkedout() >= self._pooling.size + self._pooling.overflow:
            await self._free.pop()[0].close()

    async def close(self) -> None:
        """Give all back to the pool."""
        while self._free:
            await self._free.pop()[0].close()

    async def _take(self) -> tuple[AsyncConnection, float]:
        oldest = time.monotonic() - self._pooling.recycle_seconds
        while self._free:
            conn, since = self._free.pop()
            if since > oldest and not _pooled(conn).driver_connection.is_closed():
                return conn, since
            await conn.invalidate()
            await conn.close()
        return await self._engine.connect(), time.monotonic()


def _pooled(conn: AsyncConnection) -> Any:
    connection = conn.sync_connection
    assert connection is not None
    return connection.connection
