"""The supervisor's broom: what goes by age, and what nothing refers to, once an hour."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import AbstractAsyncContextManager

from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError
from cutroom.worker.attempt import DATABASE_AWAY
from cutroom.worker.meanwhile import meanwhile

log = logging.getLogger(__name__)

FIRST_SECONDS = 600.0
EVERY_SECONDS = 3600.0


def sweeping(cutroom: Cutroom) -> AbstractAsyncContextManager[None]:
    """Sweep for as long as the block runs; several supervisors may, each at its own times."""
    return meanwhile(_sweep_often(cutroom))


async def sweep_once(cutroom: Cutroom) -> None:
    """One round."""
    expired = await cutroom.retention.apply(dry_run=False)
    if expired.proxies or expired.clips:
        log.warning("%d proxies and %d clips were too old and are removed.", expired.proxies, expired.clips)
    await cutroom.housekeeping.sweep(dry_run=False)


async def _sweep_often(cutroom: Cutroom) -> None:
    await asyncio.sleep(FIRST_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 (so that not all sweep at once)
    while True:
        try:
            await sweep_once(cutroom)
        except (CutroomError, *DATABASE_AWAY) as error:
            log.warning("The store could not be cleaned up: %s", error)
        await asyncio.sleep(EVERY_SECONDS)
