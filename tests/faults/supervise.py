"""A supervisor of test work, run by path as its own process: DATABASE_URL SCRATCH PUBLISHED LEASE_SECONDS [LOCK]."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from cutroom.db.engine import Database
from cutroom.jobs import testing
from cutroom.jobs.models import JobKind
from cutroom.jobs.service import JobService
from cutroom.worker.leaving import listen, run_until
from cutroom.worker.lock import only_one
from cutroom.worker.supervisor import Supervisor


def kinds(published: Path) -> dict[str, JobKind]:
    """Every kind that the fault tests queue."""
    plain = {"published": None, "max_attempts": 2}
    made = [
        testing.kind("write", published=published),
        testing.kind("nothing", function="nothing"),
        testing.kind("echo", function="echo"),
        testing.kind("spawn", function="spawn_and_sleep", **plain),
        testing.kind("crash", function="crash", **plain),
        testing.kind("stumble", function="stumble", **plain),
        testing.kind("refuse", function="refuse", **plain),
        testing.kind("fill", function="fill_disk", **plain),
        testing.kind("late", published=published, deadline_seconds=0.4, max_attempts=1),
    ]
    return {kind.name: kind for kind in made}


async def main(url: str, scratch: Path, published: Path, lease: float, lock: Path | None) -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(process)d %(message)s")
    leaving = asyncio.Event()
    listen(leaving)
    async with AsyncExitStack() as stack:
        if lock is not None and not await stack.enter_async_context(only_one(lock, leaving)):
            return
        database = Database(url, direct=True)
        supervisor = Supervisor(
            database=database,
            jobs=JobService(database),
            kinds=kinds(published),
            scratch=scratch,
            queues={"test": 2},
            lease_seconds=lease,
            alone=lock is not None,
        )
        await run_until(supervisor, leaving)
        await database.close()


if __name__ == "__main__":
    url, scratch, published, lease, *lock = sys.argv[1:]
    asyncio.run(main(url, Path(scratch), Path(published), float(lease), Path(lock[0]) if lock else None))
