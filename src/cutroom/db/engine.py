"""One engine for SQLite and PostgreSQL, and the transaction edge with callbacks that run after the commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NoReturn

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.db.connect import make_engine
from cutroom.db.direct import DirectConnections
from cutroom.db.kept import KeptConnections
from cutroom.db.pooling import Pooling, PoolNumbers, numbers_of
from cutroom.db.reading import Readers, T, Work
from cutroom.db.refusals import REFUSALS, explain
from cutroom.db.statements import Statements

AfterCommit = Callable[[], Awaitable[None]]


class Transaction:
    """An open write transaction: its connection, and what to do once it is committed.

    A service method that takes a `Transaction` first joins its caller's; it never commits.
    """

    def __init__(self, conn: AsyncConnection) -> None:
        self.conn = conn
        self.tags: set[str] = set()
        self._after_commit: list[AfterCommit] = []

    def after_commit(self, callback: AfterCommit) -> None:
        """Run `callback` when the commit has succeeded; it is dropped on a rollback."""
        self._after_commit.append(callback)

    def touch(self, *tags: str) -> None:
        """Say what the transaction changes, in the words that cached values depend on (`account:ID`)."""
        self.tags.update(tags)

    async def run_after_commit(self) -> None:
        """Called by the edge that committed."""
        for callback in self._after_commit:
            await callback()


class Database:
    """The engine and its two ways in: `transaction()` to write, `read()` to read."""

    def __init__(
        self,
        url: str,
        *,
        pooling: Pooling | None = None,
        statements: Statements | None = None,
        direct: bool = False,
    ) -> None:
        """`url` is `sqlite:///ABSOLUTE/PATH` or `postgresql://…`; drivers are chosen here.

        `statements` counts what is asked, and is closed with the database. `direct` runs SQLite's statements in the
        event loop's thread: several times cheaper, for a process that answers nobody else meanwhile, such as the job
        runner's.
        """
        self.is_sqlite = url.startswith("sqlite")
        self.direct = direct and self.is_sqlite
        self.commits = 0  # of this process
        self.pooling = pooling or Pooling()
        self.statements = statements
        self.engine = make_engine(url, self.pooling, direct=direct)
        self.before_commit: Callable[[Transaction], Awaitable[None]] | None = None  # of one that has touched something
        self._direct = DirectConnections(self.engine, self.pooling) if self.direct else None
        self._kept = None if self.is_sqlite else KeptConnections(self.engine, self.pooling)
        self._readers: Readers | None = None
        if self.is_sqlite and (path := self.engine.url.database):
            self._readers = Readers(path, self.pooling)
        if statements is not None:
            statements.listen(self.engine.sync_engine)
            if self._readers is not None:
                statements.listen(self._readers.engine)

    @asynccontextmanager
    async def transaction(self, *, durable: bool = False, unhurried: bool = False) -> AsyncIterator[Transaction]:
        """A write transaction, committed at the end of the block and rolled back on any error.

        `durable` asks SQLite to flush to the disk before the commit returns (`synchronous=FULL`): for
        what a person was told is done. PostgreSQL always does. `unhurried` lets its statements take any time.
        """
        try:
            async with self._writing("FULL" if durable else "NORMAL", unhurried=unhurried) as conn:
                transaction = Transaction(conn)
                yield transaction
                if transaction.tags and self.before_commit is not None:
                    await self.before_commit(transaction)
        except REFUSALS as error:
            _raise(error)
        finally:
            self.commits += 1  # a failure may hide that it was committed
        await transaction.run_after_commit()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading, in one snapshot."""
        try:
            if self._kept is not None:
                await self._kept.make_room()
            async with self.engine.connect() if self._direct is None else self._direct.begun() as conn:
                yield conn
        except REFUSALS as error:
            _raise(error)

    @asynccontextmanager
    async def _writing(self, flush: str, *, unhurried: bool) -> AsyncIterator[AsyncConnection]:
        if self._direct is not None:
            async with self._direct.begun(flush=flush, unhurried=unhurried) as conn:
                yield conn
            return
        if self._kept is not None:
            await self._kept.make_room()
        async with self.engine.connect() as conn:
            if self.is_sqlite or unhurried:
                conn = await conn.execution_options(cutroom_write=flush, cutroom_unhurried=unhurried)
            async with conn.begin():
                yield conn

    async def look(self, work: Work[T]) -> T:
        """What `work(connection)` returns: the cheap way to read, for what awaits its connection only.

        On SQLite it is in one snapshot, and the whole of it runs in another thread unless everything is `direct`. On
        PostgreSQL each statement sees what is committed by then, as in its transactions.
        """
        if self._direct is not None:
            async with self.read() as conn:
                return await work(conn)
        try:
            if self._readers is not None:
                return await self._readers.run(work)
            assert self._kept is not None
            return await self._kept.run(work)
        except REFUSALS as error:
            _raise(error)

    def pool_numbers(self) -> PoolNumbers:
        """What the connections of this process are doing now."""
        readers, looks = (0, 0) if self._readers is None else (self._readers.threads, self._readers.looks)
        idle = sum(kept.free for kept in (self._kept, self._direct) if kept is not None)
        return numbers_of(self.engine.pool, self.pooling, readers=readers, looks=looks, idle=idle)

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        async with self.read() as conn:
            await conn.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every pooled connection."""
        if self._readers is not None:
            await asyncio.to_thread(self._readers.close)
        if self._direct is not None:
            await self._direct.close()
        if self._kept is not None:
            await self._kept.close()
        await self.engine.dispose()
        if self.statements is not None:
            await asyncio.to_thread(self.statements.close)


def _raise(error: Exception) -> NoReturn:
    explained = explain(error)
    raise explained from (error if explained is not error else error.__cause__)
