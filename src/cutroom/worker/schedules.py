"""The supervisor's clock: begins scans and recurrences whose time has come, those missed meanwhile included."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from cutroom.core.errors import CutroomError
from cutroom.db.engine import Database
from cutroom.inspection.schedules import Schedules
from cutroom.jobs.recurring import Recurring
from cutroom.worker.attempt import DATABASE_AWAY

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0


@asynccontextmanager
async def keeping(database: Database, schedules: Schedules, recurring: Recurring) -> AsyncIterator[None]:
    """Look at the clock for as long as the block runs."""
    looking = asyncio.create_task(_look_often(database, schedules, recurring))
    try:
        yield
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def begin_due(database: Database, schedules: Schedules, recurring: Recurring) -> int:
    """Begin what is due; how many scans and recurrences that were."""
    begun = 0
    for recurrence in await database.look(recurring.due):
        async with database.transaction() as tx:
            begun += await recurring.begin(tx, recurrence)
    for schedule in await database.look(schedules.due):
        async with database.transaction() as tx:
            begun += await schedules.run_due(tx, schedule) is not None
    return begun


async def _look_often(database: Database, schedules: Schedules, recurring: Recurring) -> None:
    while True:
        try:
            await begin_due(database, schedules, recurring)
        except (CutroomError, *DATABASE_AWAY) as error:
            log.warning("The schedules cannot be read: %s", error)
        await asyncio.sleep(LOOK_SECONDS)
