"""The verbs of jobs for domains and entrances: enqueue, prioritise, cancel, retry, look."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core.cursors import from_cursor, to_cursor
from cutroom.core.errors import ErrorDocument, not_found
from cutroom.core.ids import new_id
from cutroom.db.engine import Database, Transaction
from cutroom.events.announce import Announcer
from cutroom.jobs import edges, errors, history, store
from cutroom.jobs.endings import Endings
from cutroom.jobs.leases import Leases
from cutroom.jobs.models import PREVIEW, Family, Job, JobAttempt, JobFilter, JobKind, JobPage, JobState, NewJob
from cutroom.jobs.queueing import Queueing, row_of
from cutroom.jobs.steering import Steering

MAX_PAGE = 500


class JobService(Steering):
    """Who calls: domains inside their own transactions, entrances, and the supervisor through `leases`.

    What it writes is announced as `job.changed` in the same transaction.
    """

    def __init__(
        self, database: Database, kinds: Iterable[JobKind] = (), *, announcer: Announcer | None = None
    ) -> None:
        self._database = database
        self._kinds: dict[str, JobKind] = {}
        self._endings = Endings(self._kinds, announcer or Announcer())
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

    def leases(
        self, *, owner: str, lease_seconds: float = 6.0, unable: Mapping[str, ErrorDocument] | None = None
    ) -> Leases:
        """What a supervisor named `owner` uses to claim, renew and finish.

        `unable`: kinds that it must leave to others, and why.
        """
        return Leases(
            self._database, self._kinds, self._endings, owner=owner, lease_seconds=lease_seconds, unable=unable or {}
        )

    @property
    def kinds(self) -> Mapping[str, JobKind]:
        """Every registered kind by its name."""
        return self._kinds

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
        parent_id: str | None = None,
        batch_id: str | None = None,
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
            parent_id=parent_id,
            batch_id=batch_id,
        )
        job, written = await store.insert(tx.conn, row_of(self.kind(kind), new, new_id("job")))
        if written:
            await self._endings.changed(tx, [job])
        return job.id

    async def enqueue_many(self, tx: Transaction, jobs: Sequence[NewJob]) -> builtins.list[str]:
        """Queue thousands cheaply; the ids in the order asked, those of active jobs with the same key included.

        Jobs may need each other and stored ones. Raises `job.not-found`, `job.needs-over` and `job.needs-circle`, and
        nothing is queued then.
        """
        for name in {job.kind for job in jobs}:
            self.kind(name)
        ids, written = await Queueing(self._kinds, jobs).write(tx)
        await self._endings.changed(tx, written)
        return ids

    async def add_needs(self, tx: Transaction, job_id: str, needs: Sequence[NewJob]) -> builtins.list[str]:
        """Queue jobs that a stored one waits for besides what it needs already, as long as it has not started.

        For work whose parts are known only when a first job of them is done: call it in that one's `publish`.
        """
        queueing = Queueing(self._kinds, needs)
        ids, written = await queueing.write(tx)
        await queueing.add_needs(tx, job_id)
        await self._endings.changed(tx, written)
        return ids

    async def with_key(self, conn: AsyncConnection, idempotency_key: str) -> Job | None:
        """The job with this key that is not over."""
        found = await store.active_keys(conn, {idempotency_key})
        return None if not found else await store.get(conn, found[idempotency_key])

    async def prioritise(self, tx: Transaction, subject: str, priority: int) -> int:
        """Raise the subject's queued jobs to at least this priority; returns how many changed."""
        changed = await store.prioritise(tx.conn, subject, priority)
        await self._endings.changed(tx, changed)
        return len(changed)

    async def get(self, conn: AsyncConnection, job_id: str, *, viewer: str | None = None) -> Job:
        """One job. Raises `job.not-found`, also when the viewer may not see it."""
        job = await store.get(conn, job_id)
        if job is None or (viewer is not None and job.owner_id not in (None, viewer)):
            raise not_found("job", job_id)
        return job

    async def list(self, conn: AsyncConnection, *, after: str | None = None, limit: int = 50, **which: Any) -> JobPage:
        """Jobs, newest first; `which` are the fields of a `JobFilter`."""
        limit = max(1, min(limit, MAX_PAGE))
        sought = JobFilter(**which)
        asked = ("jobs", sought)
        begin = None if after is None else from_cursor(after, tuple[int, str], of=asked, code="job.cursor-invalid")
        found = await store.page(conn, sought, after=begin, limit=limit + 1)
        items = found[:limit]
        more = len(found) > limit
        return JobPage(items=items, next=to_cursor((items[-1].created_at, items[-1].id), of=asked) if more else None)

    async def counts(self, conn: AsyncConnection, **which: Any) -> dict[str, int]:
        """How many jobs are in each state, states without any included; `which` are the fields of a `JobFilter`."""
        found = await store.counts(conn, JobFilter(**which))
        return {state.value: found.get(state.value, 0) for state in JobState}

    async def counts_by_queue(self, conn: AsyncConnection) -> builtins.list[tuple[str, str, int]]:
        """Queue, state and how many jobs, of everybody."""
        return await store.counts_by_queue(conn)

    async def fitting(
        self, conn: AsyncConnection, which: JobFilter, states: Collection[JobState], *, limit: int
    ) -> builtins.list[str]:
        """The ids of jobs that are in one of these states, the oldest first."""
        return await store.ids_of(conn, which, states, limit=limit)

    async def active(self, conn: AsyncConnection, subjects: Collection[str]) -> dict[str, builtins.list[Job]]:
        """The jobs of each subject that are not over, the running ones first; subjects without any are left out."""
        found: dict[str, builtins.list[Job]] = {}
        for job in await store.active_for(conn, subjects):
            found.setdefault(job.subject, []).append(job)
        return found

    async def prune(self, tx: Transaction, *, before: int) -> int:
        """Forget jobs that were over before an instant, at most a thousand at once; returns how many."""
        return await store.prune(tx.conn, before=before, limit=1000)

    async def attempts(self, conn: AsyncConnection, job_id: str) -> builtins.list[JobAttempt]:
        """The history of a job, the oldest attempt first."""
        return await history.attempts(conn, job_id)

    async def families(self, conn: AsyncConnection, parents: Collection[str]) -> dict[str, Family]:
        """How the parts of these jobs are doing; jobs without parts are left out."""
        return await edges.families(conn, parents)

    async def needs(self, conn: AsyncConnection, job_id: str) -> builtins.list[str]:
        """The ids of the jobs that this one needs."""
        return sorted(needs for _, needs in await edges.needs_of(conn, [job_id]))
