"""SQL of leases: claim, renew, hold, end, expire."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, literal, or_, select, union_all, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.core.errors import ErrorDocument
from cutroom.db.lease_clock import LeaseClock
from cutroom.db.prepared import Prepared
from cutroom.jobs.edges import AGAIN
from cutroom.jobs.models import Job
from cutroom.jobs.store import COLUMNS, QUEUED, RUNNING, job_of
from cutroom.jobs.tables import jobs

_MOST_NOTED = 200
_FAR = 3_600 * clock.SECOND
"""No pause is this long: a later `not_before` comes from a clock that was set back since."""


_HELD = (jobs.c.id == bindparam("this_id"), jobs.c.fence == bindparam("this_fence"), RUNNING)
_HOLD = Prepared(select(jobs.c.id).where(*_HELD))
_LOCK = Prepared(select(jobs.c.id).where(*_HELD).with_for_update())
_ASKED_TO_STOP = or_(jobs.c.cancel_requested == 1, jobs.c.pause_requested == 1)
_STOPPING = Prepared(select(*COLUMNS).where(RUNNING, jobs.c.lease_owner == bindparam("owner"), _ASKED_TO_STOP))

Takes = Mapping[str, int]
"""Kinds that a worker can do, and the newest version of their payloads that it can read."""


Frozen = tuple[tuple[str, int], ...]
"""The same as a key: statements that are asked thousands of times are put together once."""


def _startable(queue: ColumnElement[str], takes: Frozen) -> tuple[ColumnElement[bool], ...]:
    """The rows of a queue that may start at the instant that is bound as `at`."""
    return (QUEUED, jobs.c.queue == queue, _timely(bindparam("at", type_=BigInteger)), _readable(takes))


def _timely(at: ColumnElement[int]) -> ColumnElement[bool]:
    return or_(jobs.c.not_before <= at, jobs.c.not_before > at + _FAR)


def _readable(takes: Frozen) -> ColumnElement[bool]:
    return or_(*(and_(jobs.c.kind == kind, jobs.c.payload_version <= version) for kind, version in takes))


def _frozen(takes: Takes) -> Frozen:
    return tuple(takes.items())


async def ready(conn: AsyncConnection, queues: Mapping[str, Takes], at: int) -> dict[str, int]:
    """The queues that have a job to start, with the priority of the best one."""
    asked = tuple((queue, _frozen(takes)) for queue, takes in queues.items() if takes)
    return {row["queue"]: row["priority"] for row in await _ready(asked).rows(conn, {"at": at})} if asked else {}


@cache
def _ready(queues: tuple[tuple[str, Frozen], ...]) -> Prepared:
    best = [
        select(jobs.c.queue, jobs.c.priority)
        .where(*_startable(literal(queue), takes))
        .order_by(jobs.c.priority.desc(), jobs.c.created_at)
        .limit(1)
        .subquery()
        .select()
        for queue, takes in queues
    ]
    return Prepared(union_all(*best))


async def startable(conn: AsyncConnection, queues: Collection[str], at: int, limit: int) -> list[tuple[str, str, int]]:
    """(queue, id, fence) of the best jobs of each queue that may start now, whoever can do them."""
    timely = _timely(literal(at, BigInteger))
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
            wanted = wanted.where(~_readable(_frozen(takes)))
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
    values = {
        "at": at,
        "queue_asked": queue,
        "at_least": at_least,
        "owner": owner,
        **lease_clock.bound(),
        "lease": lease,
    }
    return _one(await _claim(_frozen(takes), lease_clock).row(conn, values))


@cache
def _claim(takes: Frozen, lease_clock: LeaseClock) -> Prepared:
    best = (
        select(jobs.c.id)
        .where(*_startable(bindparam("queue_asked"), takes), jobs.c.priority >= bindparam("at_least"))
        .order_by(jobs.c.priority.desc(), jobs.c.created_at)
        .limit(1)
    )
    if not lease_clock.sqlite:
        best = best.with_for_update(skip_locked=True)
    return Prepared(
        update(jobs)
        .where(jobs.c.id == best.scalar_subquery())
        .values(
            state="running",
            stage=None,
            speed=None,
            attempts=jobs.c.attempts + 1,
            fence=jobs.c.fence + 1,
            lease_owner=bindparam("owner", type_=jobs.c.lease_owner.type),
            lease_boot=lease_clock.boot,
            lease_until=lease_clock.bound_now() + bindparam("lease", type_=BigInteger),
            process_group=None,
            process_started=None,
            started_at=bindparam("at", type_=BigInteger),
            finished_at=None,
        )
        .returning(*COLUMNS)
    )


async def renew(
    conn: AsyncConnection, lease_clock: LeaseClock, job: Job, lease: int, values: Mapping[str, Any]
) -> Job | None:
    """Extend the lease of an attempt that still has its job."""
    bound = {**_this(job), **lease_clock.bound(), "lease": lease, **_new(values)}
    return _one(await _renew(tuple(values), lease_clock).row(conn, bound))


@cache
def _renew(names: tuple[str, ...], lease_clock: LeaseClock) -> Prepared:
    until = lease_clock.bound_now() + bindparam("lease", type_=BigInteger)
    return Prepared(update(jobs).where(*_HELD).values(lease_until=until, **_bound(names)).returning(*COLUMNS))


async def hold(conn: AsyncConnection, job: Job) -> bool:
    """Lock the row; False when the attempt has lost it. On SQLite the write transaction is the lock."""
    held = _HOLD if conn.dialect.name == "sqlite" else _LOCK
    return await held.row(conn, _this(job)) is not None


async def end(conn: AsyncConnection, job: Job, values: Mapping[str, Any]) -> Job | None:
    """Take the row out of `running`: to another state, or where `values` name none, to wait for its next attempt."""
    return _one(await _end(tuple(values)).row(conn, {**_this(job), **_new(values)}))


@cache
def _end(names: tuple[str, ...]) -> Prepared:
    state = {} if "state" in names else {"state": AGAIN}
    return Prepared(
        update(jobs)
        .where(*_HELD)
        .values(
            lease_owner=None,
            lease_until=None,
            process_group=None,
            process_started=None,
            pause_requested=0,
            speed=None,
            **state,
            **_bound(names),
        )
        .returning(*COLUMNS)
    )


async def stopping(conn: AsyncConnection, owner: str) -> list[Job]:
    """The owner's jobs that are to be cancelled or paused."""
    return [job_of(row) for row in await _STOPPING.rows(conn, {"owner": owner})]


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


def _this(job: Job) -> dict[str, Any]:
    return {"this_id": job.id, "this_fence": job.fence}


def _bound(names: tuple[str, ...]) -> dict[str, ColumnElement[Any]]:
    return {name: bindparam(f"new_{name}", type_=jobs.c[name].type) for name in names}


def _new(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in values.items()}


def _one(row: Mapping[str, Any] | RowMapping | None) -> Job | None:
    return None if row is None else job_of(row)
