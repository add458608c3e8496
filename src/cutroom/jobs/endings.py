"""What the end of one job means for others, in the transaction that ends it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import msgspec

from cutroom.core import clock
from cutroom.core.errors import ErrorDocument
from cutroom.db.engine import Transaction
from cutroom.events import service as events
from cutroom.events.announce import Announcer
from cutroom.jobs import edges, errors
from cutroom.jobs.events import JobDone, JobFailed
from cutroom.jobs.models import Job, JobKind, JobState
from cutroom.jobs.notes import note_of
from cutroom.jobs.store import UNSTARTED

log = logging.getLogger(__name__)


class Endings:
    """Tells live pages, webhooks, the job's domain, and the jobs that wait for it."""

    def __init__(self, kinds: Mapping[str, JobKind], announcer: Announcer) -> None:
        """`kinds` may still grow."""
        self._kinds = kinds
        self._announcer = announcer

    async def changed(self, tx: Transaction, jobs: Sequence[Job]) -> None:
        """Write `job.changed` for each of these rows as they are now, and for those whose parts they are."""
        parents = {job.parent_id for job in jobs if job.parent_id is not None}
        wholes = await edges.roll_up(tx.conn, parents) if parents else []
        await events.append_many(tx, [note_of(job) for job in (*jobs, *wholes)])

    async def done(self, tx: Transaction, job: Job) -> None:
        """The last of what they need lets those who wait start."""
        await self.changed(tx, [job])
        if job.parent_id is None:
            await self._announcer.announce(tx, JobDone(job=job))
        if job.needed:
            await self.changed(tx, await edges.count_down(tx.conn, job.id))

    async def undone(self, tx: Transaction, jobs: Sequence[Job]) -> None:
        """These have failed or were cancelled for good: those who need them can never start, and end as they did."""
        while jobs:
            await self.changed(tx, jobs)
            for job in jobs:
                await self._tell(tx, job)
            jobs = await self._end_needing(tx, [job for job in jobs if job.needed])

    async def _end_needing(self, tx: Transaction, ended: Sequence[Job]) -> list[Job]:
        if not ended:
            return []
        causes = {job.id: job for job in ended}
        wanted = {job_id: causes[needs] for job_id, needs in await edges.needing(tx.conn, causes)}
        followed: list[Job] = []
        for job_id, cause in wanted.items():
            values = {
                "state": cause.state.value,
                "stage": None,
                "error": msgspec.to_builtins(errors.need_failed(cause.title, cause.error or errors.CANCELLED)),
                "finished_at": clock.now(),
            }
            followed += await edges.change_many(tx.conn, [job_id], UNSTARTED, values)
        return followed

    async def _tell(self, tx: Transaction, job: Job) -> None:
        error = job.error or errors.CANCELLED
        kind = self._kinds.get(job.kind)
        if kind is not None and kind.failed is not None:
            await self._tell_kind(tx, kind, job, error)
        if job.state is JobState.FAILED and job.parent_id is None:  # of a part the whole will tell
            await self._announcer.announce(tx, JobFailed(job=job))

    async def _tell_kind(self, tx: Transaction, kind: JobKind, job: Job, error: ErrorDocument) -> None:
        assert kind.failed is not None
        try:
            async with tx.conn.begin_nested():
                await kind.failed(tx, job, error)
        except Exception:  # the edge: a job must be able to end, whatever its domain makes of that
            log.exception("%s: telling %r of the failure did not work", job.id, job.kind)
