"""One engine for SQLite and PostgreSQL, and the transaction edge with callbacks that run after the commit."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.dialects import registry
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.db.reading import Readers, T, Work

registry.register("sqlite.cutroom", "cutroom.db.sqlite_driver", "Dialect")
registry.register("sqlite.cutroom_direct", "cutroom.db.sqlite_driver", "DirectDialect")

_DIRECT_BUSY_MS = 10
_BUSY_PAUSE_SECONDS = 0.005

REFUSALS = (OperationalError, sqlite3.OperationalError)
"""What says that the database is locked, full or gone; the bare one comes from the BEGIN that is sent here."""

AfterCommit = Callable[[], Awaitable[None]]


class Transaction:
    """An open write transaction: its connection, and what to do once it is committed.

    A service method that takes a `Transaction` first joins its caller's; it never commits.
    """

    def __init__(self, conn: AsyncConnection) -> None:
        self.conn = conn
        self._after_commit: list[AfterCommit] = []

    def after_commit(self, callback: AfterCommit) -> None:
        """Run `callback` when the commit has succeeded; it is dropped on a rollback."""
        self._after_commit.append(callback)

    async def run_after_commit(self) -> None:
        """Called by the edge that committed."""
        for callback in self._after_commit:
            await callback()


class Database:
    """The engine and its two ways in: `transaction()` to write, `read()` to read."""

    def __init__(self, url: str, *, pool_size: int = 5, busy_seconds: float = 10.0, direct: bool = False) -> None:
        """`url` is `sqlite:///ABSOLUTE/PATH` or `postgresql://…`; drivers are chosen here.

        `direct` runs SQLite's statements in the event loop's thread: several times cheaper, for a process that answers
        nobody else meanwhile, such as the job runner's.
        """
        self.is_sqlite = url.startswith("sqlite")
        self.commits = 0  # of this process
        self.engine = _make_engine(url, pool_size=pool_size, busy_seconds=busy_seconds, direct=direct)
        self._readers: Readers | None = None
        if self.is_sqlite and (path := self.engine.url.database):
            self._readers = Readers(path, threads=pool_size, busy_seconds=busy_seconds)

    @asynccontextmanager
    async def transaction(self, *, durable: bool = False) -> AsyncIterator[Transaction]:
        """A write transaction, committed at the end of the block and rolled back on any error.

        `durable` asks SQLite to flush to the disk before the commit returns (`synchronous=FULL`): for
        what a person was told is done. PostgreSQL always does.
        """
        try:
            async with self.engine.connect() as conn:
                if self.is_sqlite:
                    conn = await conn.execution_options(cutroom_write="FULL" if durable else "NORMAL")
                async with conn.begin():
                    transaction = Transaction(conn)
                    yield transaction
        except REFUSALS as error:
            raise explain(error) from error
        finally:
            self.commits += 1  # a failure may hide that it was committed
        await transaction.run_after_commit()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading, in one snapshot."""
        try:
            async with self.engine.connect() as conn:
                yield conn
        except REFUSALS as error:
            raise explain(error) from error

    async def look(self, work: Work[T]) -> T:
        """What `work(connection)` returns, in one snapshot: the cheap way to read, for what awaits its connection only.

        On SQLite the whole of it runs in another thread.
        """
        if self._readers is None:
            async with self.read() as conn:
                return await work(conn)
        try:
            return await self._readers.run(work)
        except REFUSALS as error:
            raise explain(error) from error

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        async with self.read() as conn:
            await conn.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every pooled connection."""
        if self._readers is not None:
            await asyncio.to_thread(self._readers.close)
        await self.engine.dispose()


def async_url(url: str, *, direct: bool = False) -> str:
    """The URL with its asynchronous driver named."""
    if url.startswith("sqlite:"):
        return url.replace("sqlite:", "sqlite+cutroom_direct:" if direct else "sqlite+cutroom:", 1)
    if url.startswith(("postgresql:", "postgres:")):
        return "postgresql+asyncpg:" + url.split(":", 1)[1]
    if url.startswith(("sqlite+cutroom:", "postgresql+asyncpg:")):
        return url
    raise CutroomError(
        "db.url-unknown",
        f"The database URL starts with {url.split(':', 1)[0]!r}, which is neither sqlite nor postgresql.",
        hint="Set CUTROOM_DATABASE_URL to postgresql://USER@HOST/NAME, or leave it empty for SQLite.",
    )


def _make_engine(url: str, *, pool_size: int, busy_seconds: float, direct: bool) -> AsyncEngine:
    if not url.startswith("sqlite"):
        return create_async_engine(async_url(url), pool_size=pool_size, max_overflow=5, pool_pre_ping=True)
    busy_ms = _DIRECT_BUSY_MS if direct else int(busy_seconds * 1000)
    engine = create_async_engine(
        async_url(url, direct=direct),
        pool_size=pool_size,
        max_overflow=5,
        connect_args={"timeout": busy_ms / 1000, "check_same_thread": not direct},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(dbapi_connection: Any, _record: Any) -> None:
        # The driver's own implicit BEGIN is deferred; ours below must decide, so it is switched off.
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"busy_timeout={busy_ms}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(conn: Any) -> None:
        # A read transaction that turns to writing gets SQLITE_BUSY_SNAPSHOT at once, whatever the timeout.
        flush = conn.get_execution_options().get("cutroom_write")
        cursor = conn.connection.cursor()
        if flush is not None and conn.info.get("synchronous", "NORMAL") != flush:
            cursor.execute(f"PRAGMA synchronous={flush}")
            conn.info["synchronous"] = flush
        if flush is None:
            cursor.execute("BEGIN")
        else:
            _begin_writing(cursor, busy_seconds if direct else 0.0)
        cursor.close()

    return engine


def _begin_writing(cursor: Any, patience_seconds: float) -> None:
    """Take the write lock; a direct connection waits for it here, where the loop goes on meanwhile."""
    until = time.monotonic() + patience_seconds
    while True:
        try:
            cursor.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
        await_only(asyncio.sleep(_BUSY_PAUSE_SECONDS))


def explain(error: DBAPIError | sqlite3.Error) -> CutroomError:
    """A database's refusal as one sentence."""
    said = str(getattr(error, "orig", error))
    if "locked" in said or "busy" in said:
        return CutroomError(
            "db.busy",
            "The database stayed locked by another writer for too long.",
            hint="Try again; if it persists, look for a second Cutroom on the same data directory.",
            kind=ErrorKind.UNAVAILABLE,
        )
    if "full" in said or "No space" in said:
        return CutroomError(
            "db.disk-full",
            "The disk that holds the database is full; nothing was changed.",
            hint="Free some space in the data directory, then try again.",
            kind=ErrorKind.NO_SPACE,
        )
    return CutroomError("db.failed", f"The database refused: {said}.", kind=ErrorKind.UNAVAILABLE)
