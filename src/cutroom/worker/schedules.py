"""The supervisor's clock: begins scans and recurrences whose time has come, those missed meanwhile included.

It also ends the uploads that nobody went on with.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AbstractAsyncContextManager

from cutroom.core.errors import CutroomError
from cutroom.db.engine import Database
from cutroom.inspection.schedules import Schedules
from cutroom.jobs.recurring import Recurring
from cutroom.uploads.resumable import ResumableUploads
from cutroom.worker.attempt import DATABASE_AWAY
from cutroom.worker.meanwhile import meanwhile

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
SWEEP_SECONDS = 300.0


def keeping(
    database: Database, schedules: Schedules, recurring: Recurring, uploads: ResumableUploads
) -> AbstractAsyncContextManager[None]:
    """Look at the clock for as long as the block runs."""
    return meanwhile(_look_often(database, schedules, recurring), _sweep_often(uploads))


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


async def _sweep_often(uploads: ResumableUploads) -> None:
    while True:
        try:
            await uploads.sweep()
        except (CutroomError, *DATABASE_AWAY) as error:
            log.warning("The unfinished uploads cannot be looked at: %s", error)
        await asyncio.sleep(SWEEP_SECONDS)
