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
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec

from cutroom.bootstrap import container, ground, settings, shared_storage
from cutroom.bootstrap.container import Cutroom
from cutroom.bootstrap.settings import Settings
from cutroom.core.errors import CutroomError, ErrorDocument
from cutroom.jobs.service import JobService
from cutroom.worker.capabilities import missing_encoders, unable
from cutroom.worker.cluster import take_messages
from cutroom.worker.dispatching import Dispatcher
from cutroom.worker.housekeeping import sweeping
from cutroom.worker.leaving import listen, run_until
from cutroom.worker.lock import only_one
from cutroom.worker.meanwhile import meanwhile
from cutroom.worker.schedules import keeping
from cutroom.worker.supervisor import QueuePlan, Supervisor

log = logging.getLogger(__name__)

LOCK_NAME = "supervisor.lock"
BACKGROUND_NICENESS = 15
IDLE_NICENESS = 19
PRELOAD = {"inspect": ("cutroom.proxies.parts",), "ondemand": ("cutroom.proxies.fill", "cutroom.proxies.parts")}
"""What the children of a queue import in advance, because somebody waits for the first answer."""


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """What a supervisor's process is there for."""

    queues: Mapping[str, QueuePlan]
    leads: bool = False  # beside a server: it begins schedules, delivers webhooks, and tells the broker of new jobs
    fed: bool = False  # the broker says when to look for a job


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
    """Supervise beside a server until told to leave: all jobs, or with a broker what the workers need of it."""
    leaving = asyncio.Event()
    listen(leaving)
    queues = {} if effective.broker.url else plans(effective)
    await serve(effective, Role(queues=queues, leads=True), leaving)


def join(effective: Settings, queues: Sequence[str], concurrency: int | None) -> None:
    """Work some queues on any machine that shares the database and the store, until told to leave.

    Raises `worker.database-local`, `worker.queue-unknown`, `worker.storage-differs`, and what a broker or a database
    that is set wrongly raises.
    """
    if not effective.database.url.startswith("postgres"):
        raise CutroomError(
            "worker.database-local",
            "A worker beside a server needs a database that several processes and machines can reach.",
            hint="Set CUTROOM_DATABASE_URL to postgresql://USER@HOST/NAME; with SQLite cutroom serve does all jobs.",
        )
    chosen = choose(plans(effective), queues)
    broker = ground.make_broker(effective)
    if broker is None:
        sized = chosen if concurrency is None else _sized(chosen, concurrency)
        asyncio.run(_join_alone(effective, Role(queues=sized)))
        return
    at_once = concurrency or max(1, (os.cpu_count() or 1) // 2)
    role = Role(queues=_sized(chosen, at_once), fed=True)

    async def serve_thread(up: Callable[[Supervisor], None], leaving: asyncio.Event) -> None:
        await serve(effective, role, leaving, up)

    take_messages(broker, serve_thread, queues=chosen, concurrency=at_once)


async def _join_alone(effective: Settings, role: Role) -> None:
    leaving = asyncio.Event()
    listen(leaving)
    await serve(effective, role, leaving)


async def serve(
    effective: Settings, role: Role, leaving: asyncio.Event, up: Callable[[Supervisor], None] | None = None
) -> None:
    """Run a supervisor and what goes with its role."""
    cutroom = container.build(effective, direct=True)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(cutroom.database.close)
        lock = effective.data / LOCK_NAME
        if cutroom.database.is_sqlite and not await stack.enter_async_context(only_one(lock, leaving)):
            return
        await container.start(cutroom)
        if not role.leads:
            await shared_storage.require_same(cutroom)
        supervisor = Supervisor(
            database=cutroom.database,
            jobs=cutroom.jobs,
            scratch=cutroom.data.scratch,
            queues=role.queues,
            lease_seconds=effective.jobs.lease_seconds,
            alone=cutroom.database.is_sqlite,
            unable={} if role.leads else await asyncio.to_thread(_unable, cutroom.jobs),
            fed=role.fed,
            store=cutroom.store,
        )
        log.info("Supervisor %s works in %s.", supervisor.owner, effective.data)
        beside = [asyncio.create_task(one) for one in _beside(cutroom, role, leaving)]
        if role.leads:
            clock = keeping(cutroom.database, cutroom.schedules, cutroom.recurring, cutroom.resumable)
            for going_on in (clock, sweeping(cutroom), meanwhile(cutroom.watcher.run())):
                await stack.enter_async_context(going_on)
        if up is not None:
            up(supervisor)
        await run_until(supervisor, leaving)
        leaving.set()
        await asyncio.gather(*beside)
    log.info("Supervisor %s has left.", supervisor.owner)


def _beside(cutroom: Cutroom, role: Role, leaving: asyncio.Event) -> Iterator[Coroutine[Any, Any, None]]:
    if role.leads:
        yield cutroom.deliveries.run(leaving)
    if cutroom.broker is not None:
        leases = cutroom.jobs.leases(owner="dispatcher")
        yield Dispatcher(cutroom.database, leases, cutroom.broker, first=role.leads).run(leaving)


def _unable(jobs: JobService) -> dict[str, ErrorDocument]:
    found = unable(jobs.kinds.values(), missing_encoders())
    for name, why in found.items():
        log.warning("%s jobs are left to other workers: %s", name, why.message)
    return found


def choose(known: Mapping[str, QueuePlan], names: Sequence[str]) -> dict[str, QueuePlan]:
    """The plans of these queues, of all when none is named. Raises `worker.queue-unknown`."""
    for name in names:
        if name not in known:
            raise CutroomError(
                "worker.queue-unknown",
                f"There is no queue {name!r}.",
                hint=f"The queues are {', '.join(known)}.",
            )
    return {name: known[name] for name in names or known}


def _sized(chosen: Mapping[str, QueuePlan], size: int) -> dict[str, QueuePlan]:
    return {name: msgspec.structs.replace(plan, size=size) for name, plan in chosen.items()}


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
        "ai": (jobs.ai, BACKGROUND_NICENESS),
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
            warm=0 if name in ("scan", "check", "ai") else 1,  # nobody waits for their first second
        )
        for name, (size, niceness) in sizes.items()
    }
