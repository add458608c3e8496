"""SQL of leases: claim, renew, hold, end, expire."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, literal, or_, select, union_all, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.core.errors import ErrorDocument
from cutroom.db.lease_clock import LeaseClock
from cutroom.jobs.models import Job
from cutroom.jobs.store import COLUMNS, QUEUED, RUNNING, job_of
from cutroom.jobs.tables import jobs

_MOST_NOTED = 200
_FAR = 3_600 * clock.SECOND
"""No pause is this long: a later `not_before` comes from a clock that was set back since."""


Takes = Mapping[str, int]
"""Kinds that a worker can do, and the newest version of their payloads that it can read."""


def _startable(queue: ColumnElement[str], takes: Takes, at: int) -> tuple[ColumnElement[bool], ...]:
    return (
        QUEUED,
        jobs.c.queue == queue,
        or_(jobs.c.not_before <= at, jobs.c.not_before > at + _FAR),
        _readable(takes),
    )


def _readable(takes: Takes) -> ColumnElement[bool]:
    return or_(*(and_(jobs.c.kind == kind, jobs.c.payload_version <= version) for kind, version in takes.items()))


async def ready(conn: AsyncConnection, queues: Mapping[str, Takes], at: int) -> dict[str, int]:
    """The queues that have a job to start, with the priority of the best one."""
    best = [
        select(jobs.c.queue, jobs.c.priority)
        .where(*_startable(literal(queue), takes, at))
        .order_by(jobs.c.priority.desc(), jobs.c.created_at)
        .limit(1)
        .subquery()
        .select()
        for queue, takes in queues.items()
        if takes
    ]
    return {row.queue: row.priority for row in await conn.execute(union_all(*best))} if best else {}


async def startable(conn: AsyncConnection, queues: Collection[str], at: int, limit: int) -> list[tuple[str, str, int]]:
    """(queue, id, fence) of the best jobs of each queue that may start now, whoever can do them."""
    timely = or_(jobs.c.not_before <= at, jobs.c.not_before > at + _FAR)
    best = [
        select(jobs.c.queue, jobs.c.id, jobs.c.fence)
        .where(QUEUED, jobs.c.queue == queue, timely)
        .order_by(jobs.c.priority.desc(), jobs.c.created_at)
        .limit(limit)
        .subquery()
        .select()
        for queue in queues
    ]
    return [(row.queue, row.id, row.fence) for row in await conn.execute(union_all(*best))] if best else []


async def unreadable(conn: AsyncConnection, queues: Mapping[str, Takes], before: int) -> list[Job]:
    """Jobs of these queues that have been queued since before an instant and that this worker cannot do."""
    found: list[Job] = []
    for queue, takes in queues.items():
        wanted = select(*COLUMNS).where(QUEUED, jobs.c.queue == queue, jobs.c.created_at < before).limit(_MOST_NOTED)
        if takes:
            wanted = wanted.where(~_readable(takes))
        found += [job_of(row) for row in (await conn.execute(wanted)).mappings()]
    return found


async def note(conn: AsyncConnection, job: Job, error: ErrorDocument) -> Job | None:
    """Say on a queued row why nobody has taken it."""
    noted = update(jobs).where(jobs.c.id == job.id, QUEUED).values(error=msgspec.to_builtins(error))
    return _one((await conn.execute(noted.returning(*COLUMNS))).mappings().one_or_none())


async def claim(
    conn: AsyncConnection,
    lease_clock: LeaseClock,
    *,
    queue: str,
    takes: Takes,
    owner: str,
    lease: int,
    at: int,
    at_least: int,
) -> Job | None:
    """Turn the best queued row of some priority into a running one; two workers never get the same."""
    best = (
        select(jobs.c.id)
        .where(*_startable(literal(queue), takes, at), jobs.c.priority >= at_least)
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
            lease_owner=None,
            lease_until=None,
            process_group=None,
            process_started=None,
            pause_requested=0,
            speed=None,
            **values,
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
