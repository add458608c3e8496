"""Connections of a process that runs SQLite in its own loop: kept open, and begun and ended without SQLAlchemy.

What SQLAlchemy is asked inside joins the transaction that is open already.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cutroom.db.deadlines import TimedConnection
from cutroom.db.pooling import Pooling

_BUSY_PAUSE_SECONDS = 0.005


class DirectConnections:
    """The free ones of an engine made with `direct`."""

    def __init__(self, engine: AsyncEngine, pooling: Pooling) -> None:
        self._engine = engine
        self._pooling = pooling
        self._free: list[AsyncConnection] = []

    @property
    def free(self) -> int:
        """How many nobody is using."""
        return len(self._free)

    @asynccontextmanager
    async def begun(self, *, flush: str | None = None, unhurried: bool = False) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction: of one who reads, or with `flush` (PRAGMA synchronous) of one who writes."""
        conn = self._free.pop() if self._free else await self._engine.connect()
        try:
            connection = conn.sync_connection
            assert connection is not None
            pooled: Any = connection.connection
            driver: TimedConnection = pooled.driver_connection._conn
            driver.limit = math.inf if unhurried or not self._pooling.query_seconds else self._pooling.query_seconds
            if flush is None:
                driver.execute("BEGIN")
            else:
                set_flush(driver, pooled.info, flush)
                await self._begin_writing(driver)
            yield conn
            await _end(conn, driver, keep=flush is not None)
        except BaseException:
            await conn.close()  # the pool rolls back
            raise
        if len(self._free) < self._pooling.size:
            self._free.append(conn)
        else:
            await conn.close()

    async def close(self) -> None:
        """Give the free ones back to the pool."""
        while self._free:
            await self._free.pop().close()

    async def _begin_writing(self, driver: TimedConnection) -> None:
        """Another process may be writing: the loop goes on meanwhile."""
        until = time.monotonic() + self._pooling.busy_seconds
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                    raise
            await asyncio.sleep(_BUSY_PAUSE_SECONDS)


def set_flush(driver: Any, info: dict[Any, Any], flush: str) -> None:
    """PRAGMA synchronous of a connection, whose `info` remembers it."""
    if info.get("synchronous", "NORMAL") != flush:
        driver.execute(f"PRAGMA synchronous={flush}")
        info["synchronous"] = flush


async def _end(conn: AsyncConnection, driver: TimedConnection, *, keep: bool) -> None:
    if not conn.in_transaction():
        driver.commit() if keep else driver.rollback()
    elif keep:
        await conn.commit()
    else:
        await conn.rollback()
