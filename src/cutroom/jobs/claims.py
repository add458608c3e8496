"""SQL of leases: claim, renew, hold, end, expire."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, literal, or_, select, union_all, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.db.lease_clock import LeaseClock
from cutroom.jobs.models import Job
from cutroom.jobs.store import COLUMNS, QUEUED, RUNNING, job_of
from cutroom.jobs.tables import jobs

_FAR = 3_600 * clock.SECOND
"""No pause is this long: a later `not_before` comes from a clock that was set back since."""


def _startable(queue: ColumnElement[str], at: int) -> tuple[ColumnElement[bool], ...]:
    return (
        QUEUED,
        jobs.c.queue == queue,
        or_(jobs.c.not_before <= at, jobs.c.not_before > at + _FAR),
    )


async def ready(conn: AsyncConnection, queues: Collection[str], at: int) -> dict[str, int]:
    """The queues that have a job to start, with the priority of the best one."""
    if not queues:
        return {}
    best = [
        select(jobs.c.queue, jobs.c.priority)
        .where(*_startable(literal(queue), at))
        .order_by(jobs.c.priority.desc(), jobs.c.created_at)
        .limit(1)
        .subquery()
        .select()
        for queue in queues
    ]
    return {row.queue: row.priority for row in await conn.execute(union_all(*best))}


async def claim(
    conn: AsyncConnection, lease_clock: LeaseClock, *, queue: str, owner: str, lease: int, at: int, at_least: int
) -> Job | None:
    """Turn the best queued row of some priority into a running one; two workers never get the same."""
    best = (
        select(jobs.c.id)
        .where(*_startable(literal(queue), at), jobs.c.priority >= at_least)
        .order_by(jobs.c.priority.desc(), jobs.c.created_at)
        .limit(1)
    )
    if not lease_clock.sqlite:
        best = best.with_for_update(skip_locked=True)
    claimed = (
        update(jobs)
        .where(jobs.c.id == best.scalar_subquery())
        .values(
            state="running",
            stage=None,
            speed=None,
            attempts=jobs.c.attempts + 1,
            fence=jobs.c.fence + 1,
            lease_owner=owner,
            lease_boot=lease_clock.boot,
            lease_until=lease_clock.now() + lease,
            process_group=None,
            process_started=None,
            started_at=at,
            finished_at=None,
        )
        .returning(*COLUMNS)
    )
    return _one((await conn.execute(claimed)).mappings().one_or_none())


async def renew(
    conn: AsyncConnection, lease_clock: LeaseClock, job: Job, lease: int, values: Mapping[str, Any]
) -> Job | None:
    """Extend the lease of an attempt that still has its job."""
    renewed = update(jobs).where(*_held(job)).values(lease_until=lease_clock.now() + lease, **values)
    return _one((await conn.execute(renewed.returning(*COLUMNS))).mappings().one_or_none())


async def hold(conn: AsyncConnection, job: Job) -> bool:
    """Lock the row; False when the attempt has lost it. On SQLite the write transaction is the lock."""
    held = select(jobs.c.id).where(*_held(job))
    if conn.dialect.name != "sqlite":
        held = held.with_for_update()
    return (await conn.execute(held)).first() is not None


async def end(conn: AsyncConnection, job: Job, values: Mapping[str, Any]) -> Job | None:
    """Take the row out of `running`."""
    ended = (
        update(jobs)
        .where(*_held(job))
        .values(
            lease_owner=None, lease_until=None, process_group=None, process_started=None, pause_requested=0, speed=None, **values
        )
        .returning(*COLUMNS)
    )
    return _one((await conn.execute(ended)).mappings().one_or_none())


async def stopping(conn: AsyncConnection, owner: str) -> list[Job]:
    """The owner's jobs that are to be cancelled or paused."""
    asked = or_(jobs.c.cancel_requested == 1, jobs.c.pause_requested == 1)
    wanted = select(*COLUMNS).where(RUNNING, jobs.c.lease_owner == owner, asked)
    return [job_of(row) for row in (await conn.execute(wanted)).mappings()]


async def expired(conn: AsyncConnection, lease_clock: LeaseClock, *, all_running: bool) -> list[RowMapping]:
    """Running rows whose lease has run out."""
    found = select(jobs.c.id, jobs.c.fence, jobs.c.lease_boot, jobs.c.process_group, jobs.c.process_started).where(
        RUNNING
    )
    if not all_running:
        found = found.where(lease_clock.expired(jobs.c.lease_until, jobs.c.lease_boot))
    return list((await conn.execute(found)).mappings())


async def take_expired(
    conn: AsyncConnection, lease_clock: LeaseClock, job_id: str, fence: int, *, certain: bool
) -> Job | None:
    """Lock an expired row, unless it was renewed or taken meanwhile."""
    found = select(*COLUMNS).where(jobs.c.id == job_id, jobs.c.fence == fence, RUNNING)
    if not certain:
        found = found.where(lease_clock.expired(jobs.c.lease_until, jobs.c.lease_boot))
    if not lease_clock.sqlite:
        found = found.with_for_update(skip_locked=True)
    return _one((await conn.execute(found)).mappings().one_or_none())


async def running_fences(conn: AsyncConnection) -> set[tuple[str, int]]:
    """Id and fence of every running row."""
    return {(job_id, fence) for job_id, fence in await conn.execute(select(jobs.c.id, jobs.c.fence).where(RUNNING))}


def _held(job: Job) -> tuple[ColumnElement[bool], ...]:
    return (jobs.c.id == job.id, jobs.c.fence == job.fence, RUNNING)


def _one(row: RowMapping | None) -> Job | None:
    return None if row is None else job_of(row)
