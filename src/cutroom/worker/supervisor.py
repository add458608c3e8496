"""Claims jobs, best first, for as many queues as it is given, and keeps the job table tidy."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from cutroom.core.errors import CutroomError, ErrorDocument
from cutroom.db.engine import Database
from cutroom.db.watch import ChangeWatch, watch
from cutroom.events import service as events
from cutroom.jobs.leases import Expired
from cutroom.jobs.models import IDLE_BELOW, LAST_BELOW, Job, JobKind
from cutroom.jobs.service import JobService
from cutroom.media.pool import DecodePool
from cutroom.processes import groups
from cutroom.storage.port import ObjectStore
from cutroom.worker.attempt import DATABASE_AWAY, Attempt, Stop, remove_work_dir

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
PRUNE_SECONDS = 60.0
NOTE_TURNS = 5
IDLE_SECONDS = 1.0
"""How long it sleeps at most when nobody commits: pauses between attempts end unannounced."""


class QueuePlan(msgspec.Struct, frozen=True, kw_only=True):
    """How one queue is worked."""

    size: int = 1  # jobs at once
    niceness: int = 0  # added to the supervisor's
    memory_bytes: int | None = None  # address space of each child; None: generous
    preload: tuple[str, ...] = ()  # modules that its warm child has imported
    warm: int = 1  # children kept ready


class Supervisor:
    """`run` until `leave`. One loop, one pool of children a queue; only it touches the rows of its jobs."""

    def __init__(
        self,
        *,
        database: Database,
        jobs: JobService,
        scratch: Path,
        queues: Mapping[str, QueuePlan | int],
        kinds: Mapping[str, JobKind] | None = None,
        lease_seconds: float = 6.0,
        alone: bool = True,
        owner: str | None = None,
        unable: Mapping[str, ErrorDocument] | None = None,
        fed: bool = False,
        store: ObjectStore | None = None,
    ) -> None:
        """`alone`: no other supervisor can be alive (a lock says so), so running jobs found at the start are orphans.

        `scratch` is on the file system that results are published to. `kinds` are registered with `jobs`.
        `unable`: kinds that it must leave to others, and why. `fed`: it claims only when `work_one` is called.
        """
        jobs.register((kinds or {}).values())
        self.owner = owner or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._database = database
        self._jobs = jobs
        self._leases = jobs.leases(owner=self.owner, lease_seconds=lease_seconds, unable=unable)
        self._scratch = scratch
        self._store = store
        self._plans = {
            name: plan if isinstance(plan, QueuePlan) else QueuePlan(size=plan) for name, plan in queues.items()
        }
        self._alone = alone
        self._fed = fed
        self._pools: dict[str, DecodePool] = {}
        self._running: dict[tuple[str, int], Attempt] = {}
        self._tasks: dict[str, set[asyncio.Task[None]]] = {name: set() for name in queues}
        self._leaving = asyncio.Event()
        self._watch: ChangeWatch | None = None

    def leave(self) -> None:
        """Claim nothing more, give back what runs with its attempt uncounted, and let `run` return."""
        self._leaving.set()
        self._nudge()

    async def work_one(self) -> str | None:
        """Claim the best job of all queues and see it to its end; its id, or None when there was none to do."""
        try:
            job = None if self._leaving.is_set() else await self._claim_best()
        except (CutroomError, *DATABASE_AWAY) as error:
            log.warning("The job table cannot be read: %s", error)
            return None
        if job is None:
            return None
        await asyncio.wait({self._start(job)})
        return job.id

    async def _claim_best(self) -> Job | None:
        async with self._leases.read() as conn:
            ready = await self._leases.ready(conn, list(self._plans))
        for queue in sorted(ready, key=ready.__getitem__, reverse=True):
            if (job := await self._leases.claim(queue)) is not None:
                return job
        return None

    async def run(self) -> None:
        """Work until `leave` is called. Survives a database that is away for a while."""
        async with AsyncExitStack() as stack:
            for name, plan in self._plans.items():
                pool = DecodePool(
                    plan.size,
                    niceness=plan.niceness,
                    memory_bytes=plan.memory_bytes,
                    warm=plan.warm,
                    preload=plan.preload,
                )
                self._pools[name] = await stack.enter_async_context(pool)
            await self._tidy_up()
            sweeping = asyncio.create_task(self._sweep_often())
            try:
                while not self._leaving.is_set():
                    await self._turn()
            finally:
                self._leaving.set()
                await sweeping
                await self._give_back()
                await self._unwatch()

    async def _turn(self) -> None:
        """Look, act, and sleep until there may be something new."""
        try:
            if self._watch is None:
                self._watch = await watch(self._database)
            self._watch.rearm()
            await self._look()
        except (CutroomError, *DATABASE_AWAY) as error:
            log.warning("The job table cannot be read: %s", error)
            await self._unwatch()
            await asyncio.sleep(IDLE_SECONDS)
            return
        if self._leaving.is_set():
            return
        await self._watch.wait(IDLE_SECONDS)

    def _nudge(self) -> None:
        if self._watch is not None:
            self._watch.nudge()

    async def _unwatch(self) -> None:
        if self._watch is not None:
            await self._watch.close()
            self._watch = None

    async def _look(self) -> None:
        async with self._leases.read() as conn:
            looking = not self._fed and any(map(self._has_room, self._plans))
            ready = await self._leases.ready(conn, list(self._plans)) if looking else {}
            stopping = await self._leases.stopping(conn) if self._running else []
        for asked in stopping:
            if (attempt := self._running.get((asked.id, asked.fence))) is not None:
                attempt.stop(Stop.CANCEL if asked.cancel_requested else Stop.PAUSE)
        # What waits in a queue without room counts too: a ladder would only take the cores from it.
        best = max(ready.values(), default=0)
        floor = IDLE_BELOW if best >= IDLE_BELOW else LAST_BELOW if best >= LAST_BELOW else 0
        for name in ready:
            while self._has_room(name) and not self._leaving.is_set():
                job = await self._leases.claim(name, at_least=floor)
                if job is None:
                    break
                self._start(job)

    def _has_room(self, queue: str) -> bool:
        return len(self._tasks[queue]) < self._plans[queue].size

    def _start(self, job: Job) -> asyncio.Task[None]:
        key = (job.id, job.fence)
        attempt = Attempt(
            job, leases=self._leases, pool=self._pools[job.queue], scratch=self._scratch, store=self._store
        )
        self._running[key] = attempt
        task = asyncio.create_task(attempt.run())
        self._tasks[job.queue].add(task)

        def ended(_: asyncio.Task[None]) -> None:
            self._tasks[job.queue].discard(task)
            del self._running[key]
            self._nudge()

        task.add_done_callback(ended)
        return task

    async def _give_back(self) -> None:
        for attempt in list(self._running.values()):
            attempt.stop(Stop.RELEASE)
        await asyncio.gather(*(task for tasks in self._tasks.values() for task in tasks))

    async def _tidy_up(self) -> None:
        """What earlier supervisors left behind: processes, running rows, folders."""
        try:
            await self._sweep(all_running=self._alone)
            await self._clear_scratch()
        except (CutroomError, *DATABASE_AWAY) as error:
            log.warning("The job table cannot be read: %s", error)

    async def _clear_scratch(self) -> None:
        """Remove folders of attempts that are over: of a killed worker's job, another one may have taken it up."""
        # Listed before the rows are read: what another worker begins meanwhile is in neither.
        folders = await asyncio.to_thread(lambda: list(self._scratch.glob("jobs/*/attempt-*")))
        running = await self._leases.running_fences()
        await asyncio.to_thread(_remove_leftovers, folders, running)

    async def _sweep_often(self) -> None:
        turns = 0
        while not self._leaving.is_set():
            try:
                await self._sweep()
                await self._end_left_parts()
                if turns % NOTE_TURNS == 0:
                    await self._leases.note_unable(self._plans)
                if turns % int(PRUNE_SECONDS / SWEEP_SECONDS) == 0:
                    async with self._database.transaction() as tx:
                        await events.prune(tx)
                    await self._clear_scratch()
            except (CutroomError, *DATABASE_AWAY) as error:
                log.warning("The job table cannot be swept: %s", error)
            turns += 1
            await self._sleep(SWEEP_SECONDS)

    async def _sweep(self, *, all_running: bool = False) -> None:
        """End what is left of attempts whose worker is silent, and queue their jobs again."""
        for expired in await self._leases.expired(all_running=all_running):
            if (expired.id, expired.fence) not in self._running:
                await self._recover(expired, certain=all_running)

    async def _end_left_parts(self) -> None:
        """Parts of a job that has ended are of no use to anybody."""
        if await self._database.look(self._jobs.left_parts):
            async with self._database.transaction() as tx:
                await self._jobs.cancel_left_parts(tx)

    async def _recover(self, expired: Expired, *, certain: bool) -> None:
        if expired.group is not None and groups.reap_orphan(expired.group):
            log.warning("%s: killed process group %d, which its worker had left.", expired.id, expired.group.id)
        job = await self._leases.recover(expired, certain=certain)
        if job is not None:
            log.warning("%s: attempt %d was lost; the job is %s.", job.id, expired.fence, job.state.value)
            await asyncio.to_thread(remove_work_dir, self._scratch / "jobs" / expired.id / f"attempt-{expired.fence}")

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._leaving.wait()
        except TimeoutError:
            return


def _remove_leftovers(folders: Iterable[Path], running: set[tuple[str, int]]) -> None:
    """Remove the folders of attempts that nobody works on any more."""
    for work_dir in folders:
        fence = work_dir.name.removeprefix("attempt-")
        if fence.isdigit() and (work_dir.parent.name, int(fence)) not in running:
            remove_work_dir(work_dir)
