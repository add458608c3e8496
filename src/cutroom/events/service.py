"""The outbox: append inside a transaction, follow it from another process, keep it short."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Self

from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.db.engine import Database, Transaction
from cutroom.db.watch import ChangeWatch, watch
from cutroom.events import store
from cutroom.events.models import EVERYONE, Note, OutboxRow

KEEP_ROWS = 10_000
KEEP_SECONDS = 3_600
_HOLD_SECONDS = 2.0
_BATCH = 500


async def append(tx: Transaction, topic: str, subject: str, audience: str, payload: dict[str, Any]) -> None:
    """Write one change to the outbox; readers see it when the transaction commits."""
    await append_many(tx, [Note(topic=topic, subject=subject, audience=audience or EVERYONE, payload=payload)])


async def append_many(tx: Transaction, notes: Sequence[Note]) -> None:
    """Write many changes, in this order."""
    await store.insert_rows(tx.conn, notes)


async def latest_id(conn: AsyncConnection) -> int:
    """The id of the newest row ever written and still kept; 0 when there is none."""
    return await store.latest_id(conn)


async def oldest_id(conn: AsyncConnection) -> int | None:
    """The id of the oldest row that is kept: who was last told of an earlier one has missed some."""
    return await store.oldest_id(conn)


async def prune(tx: Transaction) -> int:
    """Drop rows that are both older than an hour and not among the newest 10,000; returns how many."""
    return await store.prune(tx.conn, keep_rows=KEEP_ROWS, before=clock.now() - KEEP_SECONDS * clock.SECOND)


class Tail:
    """An endless asynchronous iterator over the outbox rows after an id, in commit order.

    `async for row in Tail(database, after=last_id)`; with `after=None` it begins with what is written from now on.
    One tail serves a whole server: fan out from it instead of opening one for each listener.
    """

    def __init__(self, database: Database, *, after: int | None = None) -> None:
        self._database = database
        self._after = after
        self._rows: deque[OutboxRow] = deque()
        self._watch: ChangeWatch | None = None
        self._held_since: float | None = None

    @property
    def position(self) -> int:
        """The id of the last row before those that are still to come; after `start`."""
        assert self._after is not None
        return self._rows[0].id - 1 if self._rows else self._after

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> OutboxRow:
        while not self._rows:
            await self._fill()
        return self._rows.popleft()

    async def start(self) -> None:
        """Fix the place to begin at, so that nothing written after this call is missed."""
        if self._watch is None:
            self._watch = await watch(self._database)
        if self._after is None:
            async with self._database.read() as conn:
                self._after = await store.latest_id(conn)

    async def close(self) -> None:
        """Stop following; an iteration in progress is not ended by it."""
        if self._watch is not None:
            await self._watch.close()
            self._watch = None

    async def _fill(self) -> None:
        await self.start()
        assert self._watch is not None
        assert self._after is not None
        self._watch.rearm()
        async with self._database.read() as conn:
            rows = await store.after(conn, self._after, limit=_BATCH)
        rows = self._without_gap(rows)
        if rows:
            self._after = rows[-1].id
            self._rows.extend(rows)
            return
        await self._watch.wait(0.1 if self._held_since is not None else 1.0)

    def _without_gap(self, rows: list[OutboxRow]) -> list[OutboxRow]:
        """Hold back what follows a missing id for a moment: on PostgreSQL ids are taken before the commit, so a
        smaller one may still come; after the moment it was a rollback.
        """
        if self._database.is_sqlite:
            return rows
        expected = self._after or 0
        for position, row in enumerate(rows):
            expected += 1
            if row.id != expected:
                if position:
                    self._held_since = None
                    return rows[:position]
                return rows if self._waited() else []
        self._held_since = None
        return rows

    def _waited(self) -> bool:
        now = asyncio.get_running_loop().time()
        if self._held_since is None:
            self._held_since = now
        if now - self._held_since < _HOLD_SECONDS:
            return False
        self._held_since = None
        return True
