"""The verbs of jobs for domains and entrances: enqueue, prioritise, cancel, retry, look."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.core.cursors import from_cursor, to_cursor
from cutroom.core.errors import not_found
from cutroom.core.ids import new_id
from cutroom.db.engine import Database, Transaction
from cutroom.events import service as events
from cutroom.events.announce import Announcer
from cutroom.jobs import errors, store
from cutroom.jobs.leases import Leases
from cutroom.jobs.models import PREVIEW, Job, JobKind, JobPage, JobState, NewJob
from cutroom.jobs.notes import note_of

MAX_PAGE = 500


class JobService:
    """Who calls: domains inside their own transactions, entrances, and the supervisor through `leases`.

    What it writes is announced as `job.changed` in the same transaction.
    """

    def __init__(
        self, database: Database, kinds: Iterable[JobKind] = (), *, announcer: Announcer | None = None
    ) -> None:
        self._database = database
        self._announcer = announcer or Announcer()
        self._kinds: dict[str, JobKind] = {}
        self.register(kinds)

    def register(self, kinds: Iterable[JobKind]) -> None:
        """Make kinds known; `bootstrap` does this once, after the domains are built."""
        self._kinds.update((kind.name, kind) for kind in kinds)

    def kind(self, name: str) -> JobKind:
        """A registered kind. Raises `job.kind-unknown`."""
        try:
            return self._kinds[name]
        except KeyError:
            raise errors.kind_unknown(name) from None

    def leases(self, *, owner: str, lease_seconds: float = 6.0) -> Leases:
        """What a supervisor named `owner` uses to claim, renew and finish."""
        return Leases(self._database, self._kinds, self._announcer, owner=owner, lease_seconds=lease_seconds)

    async def enqueue(
        self,
        tx: Transaction,
        *,
        kind: str,
        payload: dict[str, Any],
        subject: str,
        title: str,
        owner_id: str | None = None,
        priority: int = PREVIEW,
        idempotency_key: str | None = None,
    ) -> str:
        """Queue a job and return its id.

        When an active job has the same key, its id is returned instead, and its priority raised when the new one
        is larger.
        """
        new = NewJob(
            kind=kind,
            payload=payload,
            subject=subject,
            title=title,
            owner_id=owner_id,
            priority=priority,
            idempotency_key=idempotency_key,
        )
        job, written = await store.insert(tx.conn, self._row(new))
        if written:
            await announce(tx, [job])
        return job.id

    async def enqueue_many(self, tx: Transaction, jobs: Sequence[NewJob]) -> builtins.list[str]:
        """Queue thousands cheaply; the ids in the order asked, those of active jobs with the same key included."""
        known = await store.active_keys(tx.conn, {job.idempotency_key for job in jobs if job.idempotency_key})
        rows: dict[str, dict[str, Any]] = {}
        ids: builtins.list[str] = []
        for job in jobs:
            job_id = known.get(job.idempotency_key or "")
            if job_id is None:
                row = self._row(job)
                job_id = row["id"]
                rows[job_id] = row
                if job.idempotency_key:
                    known[job.idempotency_key] = job_id
            ids.append(job_id)
        if rows:
            await store.insert_many(tx.conn, list(rows.values()))
            written = await store.get_many(tx.conn, rows)
            await announce(tx, written)
            ids = await self._resolve(tx, ids, rows, {job.id for job in written})
        return ids

    async def _resolve(
        self, tx: Transaction, ids: builtins.list[str], rows: dict[str, dict[str, Any]], written: set[str]
    ) -> builtins.list[str]:
        """Ids of jobs that somebody else queued at the same moment in place of those left out (PostgreSQL)."""
        left_out = {job_id: row["idempotency_key"] for job_id, row in rows.items() if job_id not in written}
        if not left_out:
            return ids
        theirs = await store.active_keys(tx.conn, set(left_out.values()))
        return [theirs.get(left_out.get(job_id, ""), job_id) for job_id in ids]

    async def prioritise(self, tx: Transaction, subject: str, priority: int) -> int:
        """Raise the subject's queued jobs to at least this priority; returns how many changed."""
        changed = await store.prioritise(tx.conn, subject, priority)
        await announce(tx, changed)
        return len(changed)

    async def cancel(self, tx: Transaction, job_id: str) -> Job:
        """End a queued job now, and a running one within a second; one that is over stays as it is."""
        values = {
            "state": JobState.CANCELLED.value,
            "error": msgspec.to_builtins(errors.CANCELLED),
            "finished_at": clock.now(),
        }
        changed = await store.change(tx.conn, job_id, {JobState.QUEUED}, values)
        if changed is not None:
            await announce(tx, [changed])
            await self._tell_failed(tx, changed)
            return changed
        changed = await store.change(tx.conn, job_id, {JobState.RUNNING}, {"cancel_requested": 1})
        if changed is not None:
            await announce(tx, [changed])
            return changed
        return await self.get(tx.conn, job_id)

    async def cancel_subject(self, tx: Transaction, subject: str) -> int:
        """Cancel all that is queued or running for a subject; returns how many."""
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

    async def retry(self, tx: Transaction, job_id: str) -> Job:
        """Queue a failed or cancelled job again, with all its attempts.

        Raises `job.not-retryable` in any other state, or when another job does the same already.
        """
        job = await self.get(tx.conn, job_id)
        values = {
            "state": JobState.QUEUED.value,
            "stage": None,
            "progress": 0.0,
            "attempts": 0,
            "not_before": 0,
            "cancel_requested": 0,
            "error": None,
            "started_at": None,
            "finished_at": None,
        }
        if not await store.may_become_active(tx.conn, job_id):
            raise errors.not_retryable(job_id, job.state.value)
        changed = await store.change(tx.conn, job_id, {JobState.FAILED, JobState.CANCELLED}, values)
        if changed is None:
            raise errors.not_retryable(job_id, job.state.value)
        await announce(tx, [changed])
        return changed

    async def get(self, conn: AsyncConnection, job_id: str, *, viewer: str | None = None) -> Job:
        """One job. Raises `job.not-found`, also when the viewer may not see it."""
        job = await store.get(conn, job_id)
        if job is None or (viewer is not None and job.owner_id not in (None, viewer)):
            raise not_found("job", job_id)
        return job

    async def list(
        self,
        conn: AsyncConnection,
        *,
        state: JobState | None = None,
        kind: str | None = None,
        subject: str | None = None,
        after: str | None = None,
        limit: int = 50,
        viewer: str | None = None,
    ) -> JobPage:
        """Jobs, newest first. `viewer` is the account that looks; None sees everybody's."""
        limit = max(1, min(limit, MAX_PAGE))
        asked = ("jobs", state, kind, subject)
        begin = None if after is None else from_cursor(after, tuple[int, str], of=asked, code="job.cursor-invalid")
        found = await store.page(
            conn,
            state=state,
            kind=kind,
            subject=subject,
            after=begin,
            limit=limit + 1,
            viewer=viewer,
        )
        items = found[:limit]
        more = len(found) > limit
        return JobPage(items=items, next=to_cursor((items[-1].created_at, items[-1].id), of=asked) if more else None)

    async def counts(self, conn: AsyncConnection, *, viewer: str | None = None) -> dict[str, int]:
        """How many jobs are in each state, states without any included."""
        found = await store.counts(conn, viewer=viewer)
        return {state.value: found.get(state.value, 0) for state in JobState}

    async def active(self, conn: AsyncConnection, subjects: Collection[str]) -> dict[str, builtins.list[Job]]:
        """The queued and running jobs of each subject, the running ones first; subjects without any are left out."""
        found: dict[str, builtins.list[Job]] = {}
        for job in await store.active_for(conn, subjects):
            found.setdefault(job.subject, []).append(job)
        return found

    async def _tell_failed(self, tx: Transaction, job: Job) -> None:
        kind = self._kinds.get(job.kind)
        if kind is not None and kind.failed is not None:
            await kind.failed(tx, job, errors.CANCELLED)

    def _row(self, new: NewJob) -> dict[str, Any]:
        kind = self.kind(new.kind)
        return store.new_row(
            new_id("job"),
            {
                **{name: getattr(new, name) for name in NewJob.__struct_fields__},
                "queue": kind.queue,
                "payload_version": kind.payload_version,
                "max_attempts": kind.max_attempts,
            },
        )


async def announce(tx: Transaction, jobs: Sequence[Job]) -> None:
    """Write `job.changed` for each of these rows as they are now."""
    await events.append_many(tx, [note_of(job) for job in jobs])
