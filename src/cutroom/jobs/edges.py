"""SQL of what ties jobs together: needs, parts, batches.

Rows are always locked from the needed job to those that need it, and from the parts to their parent, so that workers
that finish, and people who cancel, never wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, insert, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.jobs.models import Family, Job, JobState
from cutroom.jobs.store import COLUMNS, PAUSED, STARTABLE, chunks, job_of
from cutroom.jobs.tables import job_needs, jobs

_HELD_BACK = jobs.c.state.in_([literal_column("'waiting'"), literal_column("'paused'")])
STARTABLE_OR_WAITING = case((jobs.c.pending > 0, JobState.WAITING.value), else_=JobState.QUEUED.value)
"""The state of a job that is paused no more."""
AGAIN = case((jobs.c.pause_requested == 1, JobState.PAUSED.value), else_=JobState.QUEUED.value)
"""The state of a job whose attempt has ended without an end of the job."""


PARTS_SHARE = 0.98
"""Of the progress of a job that puts its parts together at the end."""


async def add(conn: AsyncConnection, pairs: Sequence[tuple[str, str]]) -> None:
    """Write that the first job of each pair needs the second."""
    if pairs:
        await conn.execute(insert(job_needs), [{"job_id": job, "needs_id": needs} for job, needs in pairs])


async def lock(conn: AsyncConnection, ids: Collection[str]) -> dict[str, Job]:
    """These jobs, held against being ended until the transaction is over."""
    found: dict[str, Job] = {}
    for some in chunks(sorted(ids)):
        wanted = select(*COLUMNS).where(jobs.c.id.in_(some)).order_by(jobs.c.id)
        if conn.dialect.name != "sqlite":
            wanted = wanted.with_for_update()
        found.update((row["id"], job_of(row)) for row in (await conn.execute(wanted)).mappings())
    return found


async def mark_needed(conn: AsyncConnection, ids: Collection[str]) -> None:
    """Let these jobs know that others wait for them."""
    for some in chunks(list(ids)):
        await conn.execute(update(jobs).where(jobs.c.id.in_(some)).values(needed=1))


async def wait_for_more(conn: AsyncConnection, job_id: str, number: int) -> None:
    """Let a job that has not started wait for so many more."""
    waiting = case((jobs.c.state == JobState.PAUSED.value, jobs.c.state), else_=JobState.WAITING.value)
    more = update(jobs).where(jobs.c.id == job_id, or_(_HELD_BACK, jobs.c.state == JobState.QUEUED.value))
    if number:
        await conn.execute(more.values(pending=jobs.c.pending + number, state=waiting))


async def count_down(conn: AsyncConnection, done_id: str) -> list[Job]:
    """Tell those who need a job that it is done; returns the jobs that may start now."""
    told = (
        update(jobs)
        .where(jobs.c.id.in_(select(job_needs.c.job_id).where(job_needs.c.needs_id == done_id)), _HELD_BACK)
        .values(
            pending=jobs.c.pending - 1,
            state=case(
                (and_(jobs.c.state == JobState.WAITING.value, jobs.c.pending <= 1), "queued"), else_=jobs.c.state
            ),
        )
        .returning(*COLUMNS)
    )
    found = [job_of(row) for row in (await conn.execute(told)).mappings()]
    return [job for job in found if job.state is JobState.QUEUED]


async def needing(conn: AsyncConnection, ids: Collection[str]) -> list[tuple[str, str]]:
    """(job, needed job) for all that need one of these."""
    found: list[tuple[str, str]] = []
    for some in chunks(sorted(ids)):
        pairs = select(job_needs.c.job_id, job_needs.c.needs_id).where(job_needs.c.needs_id.in_(some))
        found += [(job, needs) for job, needs in await conn.execute(pairs.order_by(job_needs.c.job_id))]
    return found


async def needs_of(conn: AsyncConnection, ids: Collection[str]) -> list[tuple[str, str]]:
    """(job, needed job) for all that these need."""
    found: list[tuple[str, str]] = []
    for some in chunks(sorted(ids)):
        pairs = select(job_needs.c.job_id, job_needs.c.needs_id).where(job_needs.c.job_id.in_(some))
        found += [(job, needs) for job, needs in await conn.execute(pairs)]
    return found


async def generations(conn: AsyncConnection, job_id: str) -> list[list[str]]:
    """The ids of a job's parts, their parts and so on, the innermost first, and the job itself last."""
    levels, level = [[job_id]], [job_id]
    while level:
        found: list[str] = []
        for some in chunks(level):
            parts = select(jobs.c.id).where(jobs.c.parent_id.in_(some)).order_by(jobs.c.id)
            found += (await conn.execute(parts)).scalars()
        level = found
        if level:
            levels.insert(0, level)
    return levels


async def in_batch(conn: AsyncConnection, batch: str) -> list[str]:
    """The ids of the jobs that were asked for together, or that are parts of the job with this id."""
    wanted = select(jobs.c.id).where(or_(jobs.c.batch_id == batch, jobs.c.parent_id == batch)).order_by(jobs.c.id)
    return list((await conn.execute(wanted)).scalars())


async def change_many(
    conn: AsyncConnection, ids: Collection[str], which: ColumnElement[bool], values: Mapping[str, Any]
) -> list[Job]:
    """Write some columns of those of these jobs that fit; returns them as they are then."""
    changed: list[Job] = []
    for some in chunks(sorted(ids)):
        written = update(jobs).where(jobs.c.id.in_(some), which).values(**values).returning(*COLUMNS)
        changed += [job_of(row) for row in (await conn.execute(written)).mappings()]
    return changed


async def left_parts(conn: AsyncConnection, limit: int = 100) -> list[str]:
    """Parts that go on though their job has ended otherwise than done."""
    parent = jobs.alias("parent")
    over = parent.c.state.in_([JobState.FAILED.value, JobState.CANCELLED.value])
    left = (
        select(jobs.c.id)
        .join(parent, parent.c.id == jobs.c.parent_id)
        .where(jobs.c.finished_at.is_(None), jobs.c.parent_id.is_not(None), jobs.c.cancel_requested == 0, over)
        .order_by(jobs.c.id)
        .limit(limit)
    )
    return list((await conn.execute(left)).scalars())


async def families(conn: AsyncConnection, parents: Collection[str]) -> dict[str, Family]:
    """How the parts of these jobs are doing; jobs without parts are left out."""
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for some in chunks(sorted(parents)):
        counted = (
            select(jobs.c.parent_id, jobs.c.state, func.count(), func.sum(jobs.c.progress), func.sum(jobs.c.speed))
            .where(jobs.c.parent_id.in_(some))
            .group_by(jobs.c.parent_id, jobs.c.state)
        )
        for parent, *counts in await conn.execute(counted):
            rows.setdefault(parent, []).append(tuple(counts))
    return {
        parent: Family(
            total=(total := sum(number for _, number, _, _ in parts)),
            states={state: number for state, number, _, _ in parts},
            progress=sum(progress for _, _, progress, _ in parts) / total,
            speed=sum(speed for _, _, _, speed in parts if speed is not None) / total or None,
        )
        for parent, parts in rows.items()
    }


async def roll_up(conn: AsyncConnection, parents: Collection[str]) -> list[Job]:
    """Write how the parts of these jobs are doing into those that wait for them; never less than before."""
    changed: list[Job] = []
    for parent, family in (await families(conn, parents)).items():
        reached = family.progress * PARTS_SHARE
        further = case((jobs.c.progress < reached, reached), else_=jobs.c.progress)
        values = {"progress": further, "speed": None if family.speed is None else family.speed * PARTS_SHARE}
        told = update(jobs).where(jobs.c.id == parent, or_(STARTABLE, PAUSED)).values(**values).returning(*COLUMNS)
        changed += [job_of(row) for row in (await conn.execute(told)).mappings()]
    return changed
