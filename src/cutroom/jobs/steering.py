"""What people do to jobs: cancel, pause, resume, retry; what a job has parts of goes with it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.core.errors import ErrorDocument, not_found
from cutroom.db.engine import Transaction
from cutroom.jobs import edges, errors, store
from cutroom.jobs.endings import Endings
from cutroom.jobs.models import Job, JobState
from cutroom.jobs.store import PAUSED, RUNNING, STARTABLE, UNDONE, UNSTARTED

_FRESH: dict[str, Any] = {
    "stage": None,
    "progress": 0.0,
    "speed": None,
    "attempts": 0,
    "not_before": 0,
    "cancel_requested": 0,
    "pause_requested": 0,
    "error": None,
    "started_at": None,
    "finished_at": None,
}


class Steering:
    """The verbs of `JobService` that change jobs which are there."""

    _endings: Endings

    async def cancel(self, tx: Transaction, job_id: str) -> Job:
        """End a job that does not run now, and a running one within a second; one that is over stays as it is.

        Its parts are cancelled too, and what needs it ends with it.
        """
        await self._end(tx, await edges.generations(tx.conn, job_id), errors.CANCELLED)
        return await self._job(tx.conn, job_id)

    async def cancel_batch(self, tx: Transaction, batch: str) -> int:
        """Cancel what was asked for together, or all parts of the job with this id; returns how many changed."""
        return await self.cancel_many(tx, await edges.in_batch(tx.conn, batch))

    async def cancel_many(self, tx: Transaction, ids: Collection[str]) -> int:
        """Cancel these, passing over what is over or has gone; returns how many changed."""
        changed = 0
        for job_id in ids:
            changed += await self._end(tx, await edges.generations(tx.conn, job_id), errors.CANCELLED)
        return changed

    async def left_parts(self, conn: AsyncConnection) -> list[str]:
        """Ids of parts that go on though their job has failed or was cancelled."""
        return await edges.left_parts(conn)

    async def cancel_left_parts(self, tx: Transaction) -> int:
        """Cancel the parts of jobs that have failed or were cancelled; returns how many. The supervisor does this."""
        return await self._end(tx, [await edges.left_parts(tx.conn)], errors.PARENT_ENDED)

    async def cancel_subject(self, tx: Transaction, subject: str) -> int:
        """Cancel all of a subject that is not over; returns how many."""
        active = await store.active_for(tx.conn, [subject])
        for job in active:
            await self.cancel(tx, job.id)
        return len(active)

    async def cancel_key(self, tx: Transaction, idempotency_key: str) -> bool:
        """Cancel the active job with this key; whether there was one."""
        found = await store.active_keys(tx.conn, {idempotency_key})
        for job_id in found.values():
            await self.cancel(tx, job_id)
        return bool(found)

    async def pause(self, tx: Transaction, job_id: str) -> Job:
        """Keep a job and its parts from starting; a running one is stopped within a second, its attempt uncounted.

        Raises `job.not-pausable` when it is over.
        """
        changed = await self._pause(tx, await edges.generations(tx.conn, job_id))
        job = await self._job(tx.conn, job_id)
        if not changed and job.state.over:
            raise errors.not_pausable(job_id, job.state.value)
        return job

    async def pause_batch(self, tx: Transaction, batch: str) -> int:
        """Pause what was asked for together, or all parts of the job with this id; returns how many changed."""
        return sum(
            [
                await self._pause(tx, await edges.generations(tx.conn, one))
                for one in await edges.in_batch(tx.conn, batch)
            ]
        )

    async def resume(self, tx: Transaction, job_id: str) -> Job:
        """Let a paused job and its parts go on. Raises `job.not-resumable` when nothing of it is paused."""
        changed = await self._resume(tx, await edges.generations(tx.conn, job_id))
        job = await self._job(tx.conn, job_id)
        if not changed:
            raise errors.not_resumable(job_id, job.state.value)
        return job

    async def resume_batch(self, tx: Transaction, batch: str) -> int:
        """Let what was asked for together go on, or all parts of the job with this id; returns how many changed."""
        return sum(
            [
                await self._resume(tx, await edges.generations(tx.conn, one))
                for one in await edges.in_batch(tx.conn, batch)
            ]
        )

    async def retry(self, tx: Transaction, job_id: str) -> Job:
        """Queue a failed or cancelled job again, with all its attempts.

        What it needs and was not done is tried again too, and so is what ended because this job was not done. Raises
        `job.not-retryable` in any other state, or when another job does the same already.
        """
        job = await self._job(tx.conn, job_id)
        if job.state not in (JobState.FAILED, JobState.CANCELLED):
            raise errors.not_retryable(job_id, job.state.value)
        again = await self._to_retry(tx.conn, job)
        for one in again:
            if not await store.may_become_active(tx.conn, one):
                raise errors.not_retryable(one, job.state.value)
        unmet = await self._unmet(tx.conn, again)
        changed: list[Job] = []
        for one in again:
            pending = len(unmet.get(one, ()))
            state = JobState.WAITING if pending else JobState.QUEUED
            changed += await edges.change_many(
                tx.conn, [one], UNDONE, {**_FRESH, "pending": pending, "state": state.value}
            )
        await self._endings.changed(tx, changed)
        return await self._job(tx.conn, job_id)

    async def _to_retry(self, conn: AsyncConnection, job: Job) -> list[str]:
        """The ids of what has to be tried again for this job to be done, and of what ended with it."""
        found, open_ = {job.id}, {job.id}
        while open_:
            needed = {needs for _, needs in await edges.needs_of(conn, open_)}
            following = {one for one, _ in await edges.needing(conn, open_)}
            rows = await store.get_many(conn, (needed | following) - found)
            undone = [row for row in rows if row.state in (JobState.FAILED, JobState.CANCELLED)]
            open_ = {row.id for row in undone if row.id in needed or _ended_with_another(row)}
            found |= open_
        return sorted(found)

    async def _unmet(self, conn: AsyncConnection, again: Collection[str]) -> dict[str, set[str]]:
        pairs = await edges.needs_of(conn, again)
        needed = await edges.lock(conn, {needs for _, needs in pairs})
        unmet: dict[str, set[str]] = {}
        for job_id, needs in pairs:
            if needed[needs].state is not JobState.DONE:
                unmet.setdefault(job_id, set()).add(needs)
        return unmet

    async def _end(self, tx: Transaction, levels: list[list[str]], error: ErrorDocument) -> int:
        values = {
            "state": JobState.CANCELLED.value,
            "stage": None,
            "error": msgspec.to_builtins(error),
            "finished_at": clock.now(),
        }
        ended: list[Job] = []
        stopping: list[Job] = []
        for level in levels:
            await edges.lock(tx.conn, level)
            ended += await edges.change_many(tx.conn, level, UNSTARTED, values)
            stopping += await edges.change_many(tx.conn, level, RUNNING, {"cancel_requested": 1, "pause_requested": 0})
        await self._endings.changed(tx, stopping)
        await self._endings.undone(tx, ended)
        return len(ended) + len(stopping)

    async def _pause(self, tx: Transaction, levels: list[list[str]]) -> int:
        changed: list[Job] = []
        for level in levels:
            await edges.lock(tx.conn, level)
            changed += await edges.change_many(tx.conn, level, STARTABLE, {"state": JobState.PAUSED.value})
            changed += await edges.change_many(tx.conn, level, RUNNING, {"pause_requested": 1})
        await self._endings.changed(tx, changed)
        return len(changed)

    async def _resume(self, tx: Transaction, levels: list[list[str]]) -> int:
        changed: list[Job] = []
        for level in levels:
            await edges.lock(tx.conn, level)
            going_on = {"state": edges.STARTABLE_OR_WAITING, "not_before": 0}
            changed += await edges.change_many(tx.conn, level, PAUSED, going_on)
            changed += await edges.change_many(tx.conn, level, store.PAUSING, {"pause_requested": 0})
        await self._endings.changed(tx, changed)
        return len(changed)

    async def _job(self, conn: AsyncConnection, job_id: str) -> Job:
        job = await store.get(conn, job_id)
        if job is None:
            raise not_found("job", job_id)
        return job


def _ended_with_another(job: Job) -> bool:
    return job.error is not None and job.error.code in ("job.need-failed", errors.PARENT_ENDED.code)
