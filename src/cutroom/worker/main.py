"""The supervisor's process: `python -m cutroom.worker --data DIR`.

It leaves in good order on SIGTERM, and when its standard input ends: the server that started it holds the other
end, so the end of the server, however it came, ends this process as well.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from cutroom.bootstrap import container, settings
from cutroom.bootstrap.settings import Settings
from cutroom.core.errors import CutroomError
from cutroom.worker.housekeeping import sweeping
from cutroom.worker.leaving import listen, run_until
from cutroom.worker.lock import only_one
from cutroom.worker.schedules import keeping
from cutroom.worker.supervisor import QueuePlan, Supervisor

log = logging.getLogger(__name__)

LOCK_NAME = "supervisor.lock"
BACKGROUND_NICENESS = 15
IDLE_NICENESS = 19
PRELOAD = {"inspect": ("cutroom.proxies.parts",), "ondemand": ("cutroom.proxies.fill", "cutroom.proxies.parts")}
"""What the children of a queue import in advance, because somebody waits for the first answer."""


def main() -> None:
    """Run until told to leave; exit 0 then, 1 when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m cutroom.worker", description=__doc__)
    parser.add_argument("--data", type=Path, help="the data directory (default: CUTROOM_DATA, or the XDG one)")
    arguments = parser.parse_args()
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    try:
        asyncio.run(work(settings.load(arguments.data)))
    except CutroomError as error:
        print(f"{error.message}{f' {error.hint}' if error.hint else ''}", file=sys.stderr)
        sys.exit(1)


async def work(effective: Settings) -> None:
    """Supervise one data directory until told to leave."""
    leaving = asyncio.Event()
    listen(leaving)
    cutroom = container.build(effective)
    lock = effective.data / LOCK_NAME
    async with AsyncExitStack() as stack:
        if cutroom.database.is_sqlite and not await stack.enter_async_context(only_one(lock, leaving)):
            return
        await container.start(cutroom)
        supervisor = Supervisor(
            database=cutroom.database,
            jobs=cutroom.jobs,
            scratch=cutroom.data.scratch,
            queues=plans(effective),
            lease_seconds=effective.jobs.lease_seconds,
            alone=cutroom.database.is_sqlite,
            store=cutroom.store,
        )
        log.info("Supervisor %s works in %s.", supervisor.owner, effective.data)
        delivering = asyncio.create_task(cutroom.deliveries.run(leaving))
        async with keeping(cutroom.database, cutroom.schedules), sweeping(cutroom):
            await run_until(supervisor, leaving)
        await delivering
        await cutroom.database.close()
    log.info("Supervisor %s has left.", supervisor.owner)


def plans(effective: Settings) -> Mapping[str, QueuePlan]:
    """The queues with as many children as the settings say; what nobody waits for steps back for what they do."""
    jobs, cores = effective.jobs, os.cpu_count() or 1
    memory = effective.media.memory_mib << 20 or None
    sizes = {
        "inspect": (jobs.inspect or cores, 0),
        "preview": (jobs.preview or max(1, cores // 2), 0),
        "clip": (jobs.clip, 0),
        "ondemand": (jobs.ondemand, 0),
        "io": (jobs.io, BACKGROUND_NICENESS),
        "encode": (jobs.encode, BACKGROUND_NICENESS),
        "scan": (1, BACKGROUND_NICENESS),
        "check": (1, IDLE_NICENESS),
    }
    return {
        name: QueuePlan(
            size=size,
            niceness=niceness,
            memory_bytes=memory,
            preload=PRELOAD.get(name, ()),
            warm=0 if name in ("scan", "check") else 1,  # nobody waits for their first second
        )
        for name, (size, niceness) in sizes.items()
    }
