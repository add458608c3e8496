"""The supervisor's clock: begins the scans whose time has come, those missed while nobody was there included.

It also ends the uploads that nobody went on with.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from cutroom.core.errors import CutroomError
from cutroom.db.engine import Database
from cutroom.inspection.schedules import Schedules
from cutroom.uploads.resumable import ResumableUploads
from cutroom.worker.attempt import DATABASE_AWAY

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
SWEEP_SECONDS = 300.0


@asynccontextmanager
async def keeping(database: Database, schedules: Schedules, uploads: ResumableUploads) -> AsyncIterator[None]:
    """Look at the clock for as long as the block runs."""
    tasks = [asyncio.create_task(_look_often(database, schedules)), asyncio.create_task(_sweep_often(uploads))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def begin_due(database: Database, schedules: Schedules) -> int:
    """Begin what is due; how many scans that were."""
    begun = 0
    for schedule in await database.look(schedules.due):
        async with database.transaction() as tx:
            begun += await schedules.run_due(tx, schedule) is not None
    return begun


async def _look_often(database: Database, schedules: Schedules) -> None:
    while True:
        try:
            await begin_due(database, schedules)
        except (CutroomError, *DATABASE_AWAY) as error:
            log.warning("The schedules cannot be read: %s", error)
        await asyncio.sleep(LOOK_SECONDS)


async def _sweep_often(uploads: ResumableUploads) -> None:
    while True:
        try:
            await uploads.sweep()
        except (CutroomError, *DATABASE_AWAY) as error:
            log.warning("The unfinished uploads cannot be looked at: %s", error)
        await asyncio.sleep(SWEEP_SECONDS)
