"""The event stream: one tail of the outbox for the whole process, fanned out to every open page."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from cutroom.accounts.models import Principal
from cutroom.accounts.service import AccountService
from cutroom.core.errors import CutroomError
from cutroom.db.engine import Database
from cutroom.events.models import EVERYONE, PROCESSES, OutboxRow
from cutroom.events.service import Tail, latest_id, oldest_id

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
RECHECK_SECONDS = 2.0
_MOST_WAITING = 2_000
_END = None


class EventHub:
    """Reads the outbox once and hands each row to the streams whose account may see it."""

    def __init__(
        self, database: Database, accounts: AccountService, between: Callable[[OutboxRow], Awaitable[None]]
    ) -> None:
        """`between` is called with what processes tell each other, which no page sees."""
        self._database = database
        self._accounts = accounts
        self._between_processes = between
        self._queues: set[asyncio.Queue[OutboxRow | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._handed_out = 0  # the last row that the open streams were given

    async def start(self) -> None:
        """Begin to follow."""
        tail = Tail(self._database)
        await tail.start()
        self._handed_out = tail.position
        self._task = asyncio.create_task(self._follow(tail))

    def end_streams(self) -> None:
        """End every open stream, and new ones as soon as they begin."""
        self._closed = True
        for queue in self._queues:
            _put(queue, _END)

    async def close(self) -> None:
        """End every stream, then the following."""
        self.end_streams()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def stream(self, caller: Principal, last_event_id: int | None) -> AsyncIterator[bytes]:
        """Frames for one page, from the event after `last_event_id`, or from now."""
        queue: asyncio.Queue[OutboxRow | None] = asyncio.Queue(_MOST_WAITING)
        # What was handed out is read back, what follows comes by the queue. The newest row of the database is no
        # place to divide them: on PostgreSQL one with a smaller id may be committed after it.
        sent = self._handed_out
        self._queues.add(queue)
        try:
            async with self._database.read() as conn:
                newest = await latest_id(conn)
                oldest = await oldest_id(conn)
            if last_event_id is None:
                yield _frame("ready", sent, b"{}")
            elif last_event_id > newest or (oldest is not None and last_event_id < oldest - 1):
                # Rows it never saw have been dropped, or the database was replaced: the page must load anew.
                yield _frame("reset", sent, b"{}")
            else:
                async for row in self._between(last_event_id, sent):
                    if _may_see(caller, row):
                        yield _encode(row)
                sent = max(sent, last_event_id)  # another process of the server may have been ahead of this one
            async for frame in self._live(caller, queue, sent):
                yield frame
        finally:
            self._queues.discard(queue)

    async def _between(self, after: int, newest: int) -> AsyncIterator[OutboxRow]:
        if after >= newest:
            return
        tail = Tail(self._database, after=after)
        try:
            async for row in tail:
                if row.id <= newest:
                    yield row
                if row.id >= newest:
                    return
        finally:
            await tail.close()

    async def _live(self, caller: Principal, queue: asyncio.Queue[OutboxRow | None], sent: int) -> AsyncIterator[bytes]:
        checked = spoke = time.monotonic()
        while not self._closed:
            row: OutboxRow | None = None
            with contextlib.suppress(TimeoutError):
                row = await asyncio.wait_for(queue.get(), RECHECK_SECONDS)
                if row is _END:
                    return
            now = time.monotonic()
            if now - checked >= RECHECK_SECONDS:
                current = await self._accounts.current(caller)
                if current is None:
                    return
                caller, checked = current, now
            if row is not None and row.id > sent and _may_see(caller, row):
                sent, spoke = row.id, now
                yield _encode(row)
            elif now - spoke >= HEARTBEAT_SECONDS:
                spoke = now
                yield b": still here\n\n"

    async def _follow(self, tail: Tail) -> None:
        try:
            while True:
                try:
                    async for row in tail:
                        self._handed_out = row.id
                        if row.audience == PROCESSES:
                            await self._between_processes(row)
                            continue
                        for queue in self._queues:
                            _put(queue, row)
                except CutroomError as error:
                    log.warning("The event stream pauses: %s", error.message)
                    await asyncio.sleep(1)
        finally:
            await tail.close()


def _put(queue: asyncio.Queue[OutboxRow | None], row: OutboxRow | None) -> None:
    if queue.full():
        # A reader this slow is cut off; it comes back with Last-Event-ID and reads on from the database.
        while not queue.empty():
            queue.get_nowait()
        row = _END
    queue.put_nowait(row)


def _may_see(caller: Principal, row: OutboxRow) -> bool:
    if row.audience == PROCESSES:
        return False
    return row.audience in (EVERYONE, caller.account_id) or caller.is_administrator


def _encode(row: OutboxRow) -> bytes:
    return _frame(row.topic, row.id, msgspec.json.encode(row.payload))


def _frame(event: str, number: int, data: bytes) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, event.encode(), data)
