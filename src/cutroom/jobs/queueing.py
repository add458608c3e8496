"""Queueing many jobs in one transaction, and what they need of each other."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from cutroom.core.errors import not_found
from cutroom.core.ids import new_id
from cutroom.db.engine import Transaction
from cutroom.jobs import edges, errors, store
from cutroom.jobs.models import Job, JobKind, JobState, NewJob


class Queueing:
    """One call's jobs on their way into the table: `write` once."""

    def __init__(self, kinds: Mapping[str, JobKind], asked: Sequence[NewJob]) -> None:
        self._kinds = kinds
        self._asked = asked
        self._rows: dict[str, dict[str, Any]] = {}
        self._given: dict[str, str] = {}  # what an id of this call became
        self._left_out: set[str] = set()
        self._ids: builtins.list[str] = []

    async def write(self, tx: Transaction) -> tuple[builtins.list[str], builtins.list[Job]]:
        """The ids in the order asked, those of active jobs with the same key included, and the jobs written."""
        known = await store.active_keys(tx.conn, {job.idempotency_key for job in self._asked if job.idempotency_key})
        for job in self._asked:
            self._ids.append(self._row_for(job, known))
        if not self._rows:
            return self._ids, []
        needs = self._needs()
        if needs:
            await self._wait_for(tx, needs)
        await store.insert_many(tx.conn, builtins.list(self._rows.values()))
        written = await store.get_many(tx.conn, self._rows)
        self._left_out = self._rows.keys() - {job.id for job in written}
        if self._left_out:
            await self._resolve(tx, needs)
        await edges.add(tx.conn, needs)
        return self._ids, written

    def _row_for(self, job: NewJob, known: dict[str, str]) -> str:
        job_id = known.get(job.idempotency_key or "")
        if job_id is None:
            job_id = job.id or new_id("job")
            self._rows[job_id] = row_of(self._kinds[job.kind], job, job_id)
            if job.idempotency_key:
                known[job.idempotency_key] = job_id
        if job.id is not None:
            self._given[job.id] = job_id
        return job_id

    def _needs(self) -> builtins.list[tuple[str, str]]:
        """(job, needed job) of the new rows. Raises `job.needs-circle`."""
        graph: dict[str, set[str]] = {}
        for job, job_id in zip(self._asked, self._ids, strict=True):
            if job_id in self._rows:
                if job.parent_id is not None:
                    self._rows[job_id]["parent_id"] = self._given.get(job.parent_id, job.parent_id)
                graph.setdefault(job_id, set()).update(self._given.get(one, one) for one in job.needs)
        try:
            TopologicalSorter(graph).prepare()
        except CycleError:
            raise errors.needs_circle() from None
        return [(job_id, needs) for job_id, wanted in graph.items() for needs in sorted(wanted)]

    async def _wait_for(self, tx: Transaction, needs: Sequence[tuple[str, str]]) -> None:
        """Count what each row has to wait for. Raises `job.not-found` and `job.needs-over`."""
        stored = await edges.lock(tx.conn, {needed for _, needed in needs if needed not in self._rows})
        await edges.mark_needed(tx.conn, stored)
        for job_id, needed in needs:
            if needed in self._rows:
                self._rows[needed]["needed"] = 1
            elif needed not in stored:
                raise not_found("job", needed)
            elif stored[needed].state in (JobState.FAILED, JobState.CANCELLED):
                raise errors.needs_over(needed, stored[needed].state.value)
            elif stored[needed].state is JobState.DONE:
                continue
            self._rows[job_id]["pending"] += 1
            self._rows[job_id]["state"] = JobState.WAITING.value

    async def add_needs(self, tx: Transaction, job_id: str) -> None:
        """Let a stored job that has not started wait for this call's jobs too; after `write`."""
        known = {needs for _, needs in await edges.needs_of(tx.conn, [job_id])}
        stored = await edges.lock(tx.conn, set(self._ids) - known)
        unmet = [one for one, job in stored.items() if job.state is not JobState.DONE]
        await edges.mark_needed(tx.conn, unmet)
        await edges.add(tx.conn, [(job_id, one) for one in sorted(stored)])
        await edges.wait_for_more(tx.conn, job_id, len(unmet))

    async def _resolve(self, tx: Transaction, needs: Sequence[tuple[str, str]]) -> None:
        """Ids of jobs that somebody else queued at the same moment in place of those left out (PostgreSQL)."""
        if self._left_out.intersection(_flat(needs)):
            raise errors.queued_meanwhile()
        keys = {job_id: self._rows[job_id]["idempotency_key"] for job_id in self._left_out}
        theirs = await store.active_keys(tx.conn, set(keys.values()))
        self._ids = [theirs.get(keys.get(job_id, ""), job_id) for job_id in self._ids]


def row_of(kind: JobKind, new: NewJob, job_id: str) -> dict[str, Any]:
    """A new row of the table, that may start at once."""
    fields = {name: getattr(new, name) for name in NewJob.__struct_fields__ if name not in ("id", "needs")}
    of_kind = {"queue": kind.queue, "payload_version": kind.payload_version, "max_attempts": kind.max_attempts}
    return store.new_row(job_id, fields | of_kind)


def _flat(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    for pair in pairs:
        yield from pair
