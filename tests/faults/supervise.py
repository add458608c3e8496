"""Test work as processes of their own, that tests may kill: `python -m tests.faults.supervise ROLE HOUSE_JSON`.

Roles: `supervise` (one machine: a supervisor), `lead` (beside a server of many machines: it tells the broker),
`work` (a worker that takes messages).
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import msgspec

from cutroom.bootstrap.broker import Broker
from cutroom.core import clock
from cutroom.db.engine import Database
from cutroom.jobs import testing
from cutroom.jobs.models import JobKind
from cutroom.jobs.service import JobService
from cutroom.worker.cluster import take_messages
from cutroom.worker.dispatching import Dispatcher
from cutroom.worker.leaving import listen, run_until
from cutroom.worker.lock import only_one
from cutroom.worker.supervisor import QueuePlan, Supervisor

QUEUE = "test"


class House(msgspec.Struct, frozen=True, kw_only=True):
    """Where a test's processes find everything."""

    url: str  # of the database
    scratch: str
    published: str
    lease: float = 2.0
    lock: str | None = None
    broker: str = ""
    jump: str | None = None  # a file that says by how many seconds this machine's wall clock is wrong
    memory_mib: int = 0
    version: int = 1  # of the payload of `write`


def kinds(published: Path, version: int = 1) -> dict[str, JobKind]:
    """Every kind that the fault tests queue."""
    plain = {"published": None, "max_attempts": 2}
    made = [
        testing.kind("write", published=published, payload_version=version, max_attempts=50),  # a sweep hits some often
        testing.kind("nothing", function="nothing"),
        testing.kind("echo", function="echo"),
        testing.kind("spawn", function="spawn_and_sleep", **plain),
        testing.kind("crash", function="crash", **plain),
        testing.kind("stumble", function="stumble", **plain),
        testing.kind("refuse", function="refuse", **plain),
        testing.kind("fill", function="fill_disk", **plain),
        testing.kind("grow", function="grow", **plain),
        testing.kind("late", published=published, deadline_seconds=0.4, max_attempts=1),
    ]
    return {kind.name: kind for kind in made}


def make(house: House, database: Database, jobs: JobService, *, works: bool, fed: bool) -> Supervisor:
    plan = QueuePlan(size=2, memory_bytes=house.memory_mib << 20 or None)
    return Supervisor(
        database=database,
        jobs=jobs,
        scratch=Path(house.scratch),
        queues={QUEUE: plan} if works else {},
        lease_seconds=house.lease,
        alone=house.lock is not None,
        fed=fed,
    )


async def serve(house: House, role: str, leaving: asyncio.Event, up: Callable[[Supervisor], None]) -> None:
    database = Database(house.url, direct=True)
    jobs = JobService(database, kinds(Path(house.published), house.version).values())
    supervisor = make(house, database, jobs, works=role != "lead", fed=role == "work")
    beside: list[asyncio.Task[None]] = []
    if house.broker:
        leases = jobs.leases(owner="dispatcher")
        dispatcher = Dispatcher(database, leases, Broker(house.broker), first=role == "lead")
        beside.append(asyncio.create_task(dispatcher.run(leaving)))
    up(supervisor)
    await run_until(supervisor, leaving)
    leaving.set()
    await asyncio.gather(*beside)
    await database.close()


async def supervise(house: House, role: str) -> None:
    leaving = asyncio.Event()
    listen(leaving)
    async with AsyncExitStack() as stack:
        if house.lock is not None and not await stack.enter_async_context(only_one(Path(house.lock), leaving)):
            return
        await serve(house, role, leaving, lambda _: None)


def wrong_clock(jump: Path) -> None:
    """Let this process's wall clock be wrong by what the file says."""
    right = clock.now

    def now() -> int:
        with suppress(OSError, ValueError):
            return right() + int(float(jump.read_text()) * clock.SECOND)
        return right()

    clock.now = now


def main(role: str, house: House) -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(process)d %(message)s")
    if house.jump is not None:
        wrong_clock(Path(house.jump))
    if role != "work":
        asyncio.run(supervise(house, role))
        return

    async def run(up: Callable[[Supervisor], None], leaving: asyncio.Event) -> None:
        await serve(house, role, leaving, up)

    take_messages(Broker(house.broker), run, queues={QUEUE: None}, concurrency=2)


if __name__ == "__main__":
    main(sys.argv[1], msgspec.json.decode(sys.argv[2], type=House))
