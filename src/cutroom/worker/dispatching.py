"""Keeps the broker filled: a message for every job that may start, again when the broker has forgotten it.

A message is a wake-up and carries a job's id only. How many are out is asked of the broker and what may start of the
job table, each time, so that whatever is lost, restarted or wiped comes right by itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress

from cutroom.bootstrap.broker import Broker
from cutroom.core.errors import CutroomError
from cutroom.db.engine import Database
from cutroom.db.watch import ChangeWatch, watch
from cutroom.jobs.leases import Leases
from cutroom.worker.attempt import DATABASE_AWAY

log = logging.getLogger(__name__)

MOST = 64
"""Messages of one queue in the broker at once: more would not start anything sooner."""
AGAIN_SECONDS = 3.0
"""After which a job that is still queued gets another message, when the broker holds fewer than there are jobs."""
LOOK_SECONDS = 1.0
_PAUSE_SECONDS = 0.01


class Dispatcher:
    """`run` until told to leave. Any number may run; what they send twice does no harm."""

    def __init__(self, database: Database, leases: Leases, broker: Broker, *, first: bool) -> None:
        """`first`: tell of new jobs at once, as the server does; others only send again what was forgotten."""
        self._database = database
        self._leases = leases
        self._broker = broker
        self._first = first
        self._told: dict[tuple[str, int], float] = {}  # when a message was sent, or left to the server
        self._away = False

    async def run(self, leaving: asyncio.Event) -> None:
        """Look whenever somebody commits, and every second."""
        watching: ChangeWatch | None = None
        gone = asyncio.create_task(leaving.wait())
        try:
            while not leaving.is_set():
                try:
                    if watching is None and self._first:
                        watching = await watch(self._database)
                    if watching is not None:
                        watching.rearm()
                    await self.top_up()
                except (CutroomError, *DATABASE_AWAY) as error:
                    log.warning("The job table cannot be read: %s", error)
                    await _close(watching)
                    watching = None
                await _pause(watching, gone)
        finally:
            gone.cancel()
            await _close(watching)
            await asyncio.to_thread(self._broker.close)

    async def top_up(self) -> int:
        """Send what is missing; how many messages that were."""
        found = await self._database.look(lambda conn: self._leases.startable(conn, MOST))
        now = time.monotonic()
        self._told = {key: at for key, at in self._told.items() if key in {(one, fence) for _, one, fence in found}}
        queues: dict[str, list[tuple[str, int]]] = {}
        for queue, job_id, fence in found:
            queues.setdefault(queue, []).append((job_id, fence))
            if not self._first:
                self._told.setdefault((job_id, fence), now)
        waiting = {queue: keys for queue, keys in queues.items() if any(self._is_due(key, now) for key in keys)}
        if not waiting:
            return 0
        try:
            return await asyncio.to_thread(self._send, waiting, now)
        except CutroomError as error:
            if not self._away:
                log.warning("%s Jobs wait until it is back.", error.message)
            self._away = True
            return 0

    def _is_due(self, key: tuple[str, int], now: float) -> bool:
        return now - self._told.get(key, -AGAIN_SECONDS) >= AGAIN_SECONDS

    def _send(self, waiting: dict[str, list[tuple[str, int]]], now: float) -> int:
        depths = self._broker.depths(list(waiting))
        if self._away:
            log.warning("The broker is back.")
            self._away = False
        sent = 0
        for queue, keys in waiting.items():
            new = [key for key in keys if key not in self._told]
            old = [key for key in keys if key in self._told and self._is_due(key, now)]
            missing = max(0, len(keys) - depths[queue] - len(new))
            sending = [*new, *old[:missing]][: max(0, MOST - depths[queue])]
            self._broker.send(queue, [job_id for job_id, _ in sending])
            self._told.update(dict.fromkeys([*sending, *old], now))
            sent += len(sending)
        return sent


async def _pause(watching: ChangeWatch | None, gone: asyncio.Task[bool]) -> None:
    """Until somebody commits, a second has passed, or it is time to leave."""
    await asyncio.sleep(_PAUSE_SECONDS)
    if watching is None:
        await asyncio.wait({gone}, timeout=LOOK_SECONDS)
        return
    told = asyncio.create_task(watching.wait(LOOK_SECONDS))
    await asyncio.wait({gone, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    with suppress(asyncio.CancelledError):
        await told


async def _close(watching: ChangeWatch | None) -> None:
    if watching is not None:
        with suppress(*DATABASE_AWAY):
            await watching.close()
