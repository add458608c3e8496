"""The runner's verbs: claim, renew, end. The fence guards all of them: who has lost the job changes nothing."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.core.errors import ErrorDocument
from cutroom.db.engine import Database, Transaction
from cutroom.db.lease_clock import LeaseClock
from cutroom.jobs import claims, errors, history
from cutroom.jobs.endings import Endings
from cutroom.jobs.models import Job, JobKind, JobState, Trace
from cutroom.processes.groups import ProcessGroup

NOTE_SECONDS = 10
"""How long a job that a worker cannot do has to wait before it is said; others may take it meanwhile."""

BACK_OFF_SECONDS = (1.0, 5.0, 25.0, 60.0)
"""How long a failed attempt waits before the next one, by the number of attempts made; the last goes on."""


def back_off(attempts: int) -> float:
    """Seconds to wait after this many attempts, a little scattered so that failures do not march in step."""
    seconds = BACK_OFF_SECONDS[min(max(attempts, 1), len(BACK_OFF_SECONDS)) - 1]
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311 - not a secret


class Expired(msgspec.Struct, frozen=True, kw_only=True):
    """A running row whose worker has not renewed it in time."""

    id: str
    fence: int
    group: ProcessGroup | None  # only when it was started in this boot of this machine


class Leases:
    """One supervisor's hold on the job table. Instants of leases never leave `claims`."""

    def __init__(
        self,
        database: Database,
        kinds: Mapping[str, JobKind],
        endings: Endings,
        *,
        owner: str,
        lease_seconds: float,
        unable: Mapping[str, ErrorDocument],
    ) -> None:
        """Use `JobService.leases`."""
        self._unable = unable
        self._database = database
        self._kinds = kinds
        self._endings = endings
        self._clock = LeaseClock(sqlite=database.is_sqlite)
        self._lease = int(lease_seconds * clock.SECOND)
        self.owner = owner
        self.direct = database.direct
        self.lease_seconds = lease_seconds

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A write transaction for the callbacks of a kind."""
        return self._database.transaction()

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection to look with."""
        return self._database.read()

    def kind(self, name: str) -> JobKind | None:
        """A registered kind."""
        return self._kinds.get(name)

    async def ready(self, conn: AsyncConnection, queues: Collection[str]) -> dict[str, int]:
        """Which of these queues have a job that may start now, and the best one's priority; cheap at every wake-up."""
        return await claims.ready(conn, {queue: self._takes(queue) for queue in queues}, clock.now())

    async def startable(self, conn: AsyncConnection, limit: int) -> list[tuple[str, str, int]]:
        """(queue, id, fence) of the best jobs of every queue that may start now, whoever can do them."""
        queues = sorted({kind.queue for kind in self._kinds.values()})
        return await claims.startable(conn, queues, clock.now(), limit)

    async def note_unable(self, queues: Collection[str]) -> int:
        """Say on jobs that have waited for a while why this worker leaves them to others; returns how many."""
        before = clock.now() - NOTE_SECONDS * clock.SECOND
        takes = {queue: self._takes(queue) for queue in queues}
        found = await self._database.look(lambda conn: claims.unreadable(conn, takes, before))
        new = [job for job in found if job.error is None]
        if new:
            async with self._database.transaction() as tx:
                noted = [await claims.note(tx.conn, job, self._why_unable(job)) for job in new]
                await self._endings.changed(tx, [job for job in noted if job is not None])
        return len(new)

    def _takes(self, queue: str) -> dict[str, int]:
        return {
            kind.name: kind.payload_version
            for kind in self._kinds.values()
            if kind.queue == queue and kind.name not in self._unable
        }

    def _why_unable(self, job: Job) -> ErrorDocument:
        if job.kind in self._unable:
            return self._unable[job.kind]
        kind = self._kinds.get(job.kind)
        if kind is None or kind.queue != job.queue:
            return errors.kind_unknown(job.kind).document
        return errors.payload_newer(job.kind, job.payload_version, kind.payload_version)

    async def stopping(self, conn: AsyncConnection) -> list[Job]:
        """This owner's running jobs that somebody wants to end (`cancel_requested`) or to pause."""
        return await claims.stopping(conn, self.owner)

    async def claim(self, queue: str, *, at_least: int = 0) -> Job | None:
        """Take the best job of a queue: larger priority first, then the older. The attempt is counted here.

        Jobs of a smaller priority than `at_least` are left alone.
        """
        takes = self._takes(queue)
        if not takes:
            return None
        async with self._database.transaction() as tx:
            job = await claims.claim(
                tx.conn,
                self._clock,
                queue=queue,
                takes=takes,
                owner=self.owner,
                lease=self._lease,
                at=clock.now(),
                at_least=at_least,
            )
            if job is None:
                return None
            await history.open_attempt(tx.conn, job, self.owner)
            await self._endings.changed(tx, [job])
            return job

    async def begin(self, tx: Transaction, job: Job, group: ProcessGroup | None) -> None:
        """Record which process group works on the job. Raises `job.stale-fence`."""
        values = {} if group is None else {"process_group": group.id, "process_started": group.started}
        await self._renew(tx, job, values)

    async def renew(
        self,
        job: Job,
        *,
        stage: str | None,
        progress: float,
        speed: float | None = None,
        changed: bool,
        trace: Trace | None = None,
    ) -> Job:
        """Extend the lease and store how far the work is. Raises `job.stale-fence`.

        `changed` says whether there is news for live pages; `trace` is all so far, when something was added.
        """
        async with self._database.transaction() as tx:
            renewed = await self._renew(tx, job, {"stage": stage, "progress": progress, "speed": speed})
            if trace is not None:
                await history.note_trace(tx.conn, job, trace)
            if changed:
                await self._endings.changed(tx, [renewed])
            return renewed

    async def hold(self, tx: Transaction, job: Job) -> None:
        """Make sure that the attempt still has its job until this transaction ends. Raises `job.stale-fence`."""
        if not await claims.hold(tx.conn, job):
            raise errors.StaleFenceError(job.id)

    async def finish(self, job: Job, result: dict[str, Any] | None, *, trace: Trace | None = None) -> Job:
        """Publish and end the job in one transaction. Raises `job.stale-fence`, and nothing of it is kept.

        `result` is the child's; None ends the job without `publish`, because nothing was left to do.
        """
        async with self._database.transaction() as tx:
            await self.hold(tx, job)
            kept = None if result is None else await self._kinds[job.kind].publish(tx, job, result)
            done = {"state": JobState.DONE.value, "progress": 1.0, "stage": None, "error": None, "result": kept}
            ended = await self._end(tx, job, done, outcome="done", trace=trace)
            await self._endings.done(tx, ended)
            return ended

    async def fail(self, job: Job, error: ErrorDocument, *, retry: bool, trace: Trace | None = None) -> Job:
        """End the attempt: queued again after a pause when `retry` and attempts are left, or failed for good."""
        async with self._database.transaction() as tx:
            await self.hold(tx, job)
            if retry and job.attempts < job.max_attempts:
                pause = int(back_off(job.attempts) * clock.SECOND)
                again = {**_AGAIN, "not_before": clock.now() + pause, "error": msgspec.to_builtins(error)}
                return await self._again(tx, job, again, outcome="failed", error=error, trace=trace)
            ended = await self._end(tx, job, _failed(error), outcome="failed", error=error, trace=trace)
            await self._endings.undone(tx, [ended])
            return ended

    async def cancelled(self, job: Job, *, trace: Trace | None = None) -> Job:
        """End the job because somebody asked for it."""
        async with self._database.transaction() as tx:
            await self.hold(tx, job)
            ended = await self._end(tx, job, _CANCELLED, outcome="cancelled", trace=trace)
            await self._endings.undone(tx, [ended])
            return ended

    async def release(self, job: Job, *, trace: Trace | None = None) -> Job:
        """Put the job back as if it had not been tried: the worker is leaving in good order, or it is to be paused."""
        async with self._database.transaction() as tx:
            back = {**_AGAIN, "attempts": job.attempts - 1, "not_before": 0}
            return await self._again(tx, job, back, outcome="released", trace=trace)

    async def expired(self, *, all_running: bool = False) -> list[Expired]:
        """Running jobs whose lease has run out; `all_running` when it is certain that no other worker is alive."""
        async with self._database.read() as conn:
            rows = await claims.expired(conn, self._clock, all_running=all_running)
        return [
            Expired(
                id=row["id"],
                fence=row["fence"],
                group=ProcessGroup(id=row["process_group"], started=row["process_started"])
                if row["process_group"] is not None and row["lease_boot"] == self._clock.boot
                else None,
            )
            for row in rows
        ]

    async def recover(self, expired: Expired, *, certain: bool = False) -> Job | None:
        """Queue a job again whose worker has vanished, or fail it when it has used its attempts.

        None when it came back to life or somebody else was faster. `certain` does not ask the lease again.
        """
        async with self._database.transaction() as tx:
            job = await claims.take_expired(tx.conn, self._clock, expired.id, expired.fence, certain=certain)
            if job is None:
                return None
            if job.cancel_requested:
                ended = await self._end(tx, job, _CANCELLED, outcome="lost")
            elif job.attempts >= job.max_attempts:
                error = errors.lost(job.attempts)
                ended = await self._end(tx, job, _failed(error), outcome="lost", error=error)
            else:
                return await self._again(tx, job, {**_AGAIN, "not_before": 0}, outcome="lost")
            await self._endings.undone(tx, [ended])
            return ended

    async def running_fences(self) -> set[tuple[str, int]]:
        """Id and fence of everything that runs, whoever runs it."""
        async with self._database.read() as conn:
            return await claims.running_fences(conn)

    async def _renew(self, tx: Transaction, job: Job, values: Mapping[str, Any]) -> Job:
        renewed = await claims.renew(tx.conn, self._clock, job, self._lease, values)
        if renewed is None:
            raise errors.StaleFenceError(job.id)
        return renewed

    async def _again(
        self,
        tx: Transaction,
        job: Job,
        values: Mapping[str, Any],
        *,
        outcome: str,
        error: ErrorDocument | None = None,
        trace: Trace | None = None,
    ) -> Job:
        """End the attempt and not the job."""
        ended = await self._end(tx, job, values, outcome=outcome, error=error, trace=trace)
        await self._endings.changed(tx, [ended])
        return ended

    async def _end(
        self,
        tx: Transaction,
        job: Job,
        values: Mapping[str, Any],
        *,
        outcome: str,
        error: ErrorDocument | None = None,
        trace: Trace | None = None,
    ) -> Job:
        at = clock.now()
        ended = await claims.end(tx.conn, job, {"finished_at": at, **values})
        if ended is None:
            raise errors.StaleFenceError(job.id)
        paused = outcome == "released" and ended.state is JobState.PAUSED
        await history.close_attempt(tx.conn, job, "paused" if paused else outcome, error, trace, at)
        return ended


_AGAIN = {"stage": None, "progress": 0.0, "finished_at": None}


def _failed(error: ErrorDocument) -> dict[str, Any]:
    return {"state": JobState.FAILED.value, "stage": None, "error": msgspec.to_builtins(error)}


_CANCELLED = {**_failed(errors.CANCELLED), "state": JobState.CANCELLED.value}
