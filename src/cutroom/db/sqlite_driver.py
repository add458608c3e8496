"""SQLAlchemy's aiosqlite driver with one hand-over to the connection's thread for each statement instead of four.

aiosqlite hands over for the cursor, its execution, its rows and its closing; each costs two thread switches, which was
most of the time of a small transaction (measured: 2.5 ms of CPU, a third of that with this).
"""

from __future__ import annotations

import collections
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_cursor
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)
from sqlalchemy.util import immutabledict
from sqlalchemy.util.concurrency import await_

from cutroom.db.deadlines import TimedConnection


class _Answer:
    """What a closed cursor left behind."""

    def __init__(self, cursor: sqlite3.Cursor | None = None) -> None:
        self.description = None if cursor is None else cursor.description
        self.rowcount = -1 if cursor is None else cursor.rowcount
        self.lastrowid = None if cursor is None else cursor.lastrowid
        self.arraysize = 1


class _Cursor(AsyncAdapt_dbapi_cursor):
    __slots__ = ()

    def __init__(self, adapt_connection: AsyncAdapt_aiosqlite_connection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._cursor: Any = _Answer()
        self._soft_closed_memoized = immutabledict()
        self._rows = collections.deque()

    async def _async_soft_close(self) -> None:
        """The real cursor is closed already."""

    def close(self) -> None:
        self._rows.clear()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        return await self._hand_over(_run_one, operation, () if parameters is None else parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        return await self._hand_over(_run_many, operation, seq_of_parameters)

    async def _hand_over(self, run: Callable[..., tuple[_Answer, Sequence[Any]]], *arguments: Any) -> None:
        async with self._adapt_connection._execute_mutex:
            connection: Any = self._connection
            self._cursor, rows = await connection._execute(run, connection._conn, *arguments)
            self._rows = collections.deque(rows)


def _run_one(connection: TimedConnection, operation: str, parameters: Any) -> tuple[_Answer, Sequence[Any]]:
    connection.allow()
    cursor = connection.execute(operation, parameters)
    try:
        return _Answer(cursor), cursor.fetchall() if cursor.description else ()
    finally:
        cursor.close()


def _run_many(connection: TimedConnection, operation: str, parameters: Any) -> tuple[_Answer, Sequence[Any]]:
    connection.allow()
    cursor = connection.executemany(operation, parameters)
    try:
        return _Answer(cursor), ()
    finally:
        cursor.close()


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    _cursor_cls = _Cursor  # type: ignore[assignment]

    def rollback(self) -> None:
        """Nothing to hand over when nothing is open: the pool rolls back each connection that comes home."""
        connection: Any = self._connection
        if connection._connection is not None and connection._conn.in_transaction:
            super().rollback()


class _Module(AsyncAdapt_aiosqlite_dbapi):
    connection_class = _Connection

    def connect(self, *arguments: Any, **named: Any) -> AsyncAdapt_aiosqlite_connection:
        connection = self.aiosqlite.connect(*arguments, **named)
        connection._thread.daemon = True
        return self.connection_class(self, await_(connection))


class Dialect(SQLiteDialect_aiosqlite):
    """`sqlite+cutroom:///PATH`."""

    supports_statement_cache = True
    direct = False

    @classmethod
    def import_dbapi(cls) -> AsyncAdapt_aiosqlite_dbapi:
        """The driver's module, as SQLAlchemy wants it."""
        import aiosqlite

        return _Module(aiosqlite, sqlite3)


class _DirectCursor(_Cursor):
    __slots__ = ()

    async def _hand_over(self, run: Callable[..., tuple[_Answer, Sequence[Any]]], *arguments: Any) -> None:
        connection: Any = self._connection
        self._cursor, rows = run(connection._conn, *arguments)
        self._rows = collections.deque(rows)


class _DirectConnection(_Connection):
    __slots__ = ()

    _cursor_cls = _DirectCursor

    def commit(self) -> None:
        connection: Any = self._connection
        connection._conn.commit()

    def rollback(self) -> None:
        connection: Any = self._connection
        if connection._connection is not None:
            connection._conn.rollback()


class _DirectModule(_Module):
    connection_class = _DirectConnection


class DirectDialect(Dialect):
    """`sqlite+cutroom_direct:///PATH`: statements run in the event loop's own thread, without any hand-over.

    For a process that has nothing else to answer while a statement runs. `db.engine` waits for locks outside it.
    """

    supports_statement_cache = True
    direct = True

    @classmethod
    def import_dbapi(cls) -> AsyncAdapt_aiosqlite_dbapi:
        """The driver's module, as SQLAlchemy wants it."""
        import aiosqlite

        return _DirectModule(aiosqlite, sqlite3)
