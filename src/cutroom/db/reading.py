"""Reading from SQLite with one hand-over to a thread for a whole request, whatever it asks the database.

The asynchronous driver hands over for each statement: two thread switches and a greenlet's each time, which was most of
the cost of a list. Here the coroutine itself goes to the thread and runs on a connection that answers at once, so that
it never suspends. It must await nothing else.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, create_engine
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import NullPool

from cutroom.db.deadlines import TimedConnection
from cutroom.db.pooling import Pooling
from cutroom.db.prepared import Driver, SQLiteDriver

T = TypeVar("T")
Work = Callable[[AsyncConnection], Coroutine[Any, Any, T]]


class _Reader:
    """An `AsyncConnection` as far as reading goes; what is awaited of it is there already."""

    def __init__(self, connection: Connection, driver: Driver) -> None:
        self.dialect = connection.dialect
        self.driver = driver
        self._connection = connection

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        """A buffered result."""
        return self._connection.execute(statement, parameters)


class Readers:
    """A few threads, each with a connection of its own that cannot write."""

    def __init__(self, path: str, pooling: Pooling) -> None:
        self.threads = pooling.size
        self.looks = 0  # begun and not ended
        self.engine = create_engine(
            f"sqlite:///{path}",
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",  # the snapshot is begun and ended by hand
            connect_args={"timeout": pooling.busy_seconds, "check_same_thread": False, "factory": TimedConnection},
        )
        self._limit = pooling.query_seconds or math.inf
        self._own = threading.local()
        self._opened: list[Connection] = []
        self._executor = ThreadPoolExecutor(self.threads, "read", initializer=self._open)

    async def run(self, work: Work[T]) -> T:
        """What `work` returns, in one snapshot. Cancelling leaves the thread to finish by itself."""
        self.looks += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, self._run, work)
        finally:
            self.looks -= 1

    def close(self) -> None:
        """Wait for what is being read, then close the connections."""
        self._executor.shutdown()
        for connection in self._opened:
            connection.close()
        self.engine.dispose()

    def _open(self) -> None:
        connection = self.engine.connect()
        self._opened.append(connection)
        driver = cast(Any, connection.connection.driver_connection)
        driver.execute("PRAGMA query_only=ON").close()
        driver.limit = self._limit
        inside = SQLiteDriver(driver, connection.info, connection.dialect, None)
        self._own.driver, self._own.reader = driver, cast(AsyncConnection, _Reader(connection, inside))

    def _run(self, work: Work[T]) -> T:
        driver = self._own.driver
        driver.allow()  # the time of one statement, for all of a look together
        driver.execute("BEGIN").close()
        try:
            return _finished(work(self._own.reader))
        finally:
            driver.allow()
            driver.execute("ROLLBACK").close()


def _finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that never has to wait."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return cast(T, done.value)
    coroutine.close()
    raise RuntimeError("a reader may await its connection only")
