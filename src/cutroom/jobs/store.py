"""SQL of the job table. Every change of a row is guarded by the state, and a worker's also by its fence."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.core.errors import ErrorDocument
from cutroom.db.prepared import Prepared, among
from cutroom.jobs.models import Job, JobFilter, JobState
from cutroom.jobs.tables import jobs

# Written out, not bound: a partial index is only considered when the planner can read its condition.
QUEUED = jobs.c.state == literal_column("'queued'")
RUNNING = jobs.c.state == literal_column("'running'")
_ACTIVE_STATES = (JobState.WAITING, JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)
ACTIVE = jobs.c.state.in_([literal_column(f"'{state.value}'") for state in _ACTIVE_STATES])

STARTABLE = jobs.c.state.in_([literal_column("'waiting'"), literal_column("'queued'")])
PAUSED = jobs.c.state == literal_column("'paused'")
UNSTARTED = or_(STARTABLE, PAUSED)
"""Not over, and nobody works on it."""
UNDONE = jobs.c.state.in_([literal_column("'failed'"), literal_column("'cancelled'")])
PAUSING = and_(RUNNING, jobs.c.pause_requested == 1)

_HIDDEN = {"idempotency_key", "lease_owner", "lease_boot", "lease_until", "process_group", "process_started"}
COLUMNS = tuple(column for column in jobs.c if column.name not in _HIDDEN)


@cache
def _active_for(dialect: str) -> Prepared:
    wanted = select(*COLUMNS).where(among(jobs.c.subject, "wanted", dialect), ACTIVE)
    return Prepared(wanted.order_by(case((RUNNING, 0), else_=1), jobs.c.priority.desc(), jobs.c.created_at))


def job_of(row: Mapping[Any, Any]) -> Job:
    """A row as a value."""
    fields: dict[str, Any] = dict(row)
    fields["state"] = JobState(fields["state"])
    for name in ("cancel_requested", "pause_requested", "needed"):
        fields[name] = bool(fields[name])
    if fields["error"] is not None:
        fields["error"] = msgspec.convert(fields["error"], ErrorDocument)
    return Job(**fields)


async def insert(conn: AsyncConnection, row: Mapping[str, Any]) -> tuple[Job, bool]:
    """Insert a queued job, or find the active one with the same key and raise its priority when that is larger.

    Returns the job and whether its row was written.
    """
    written = await _insert_or_raise(conn.dialect.name).row(conn, row)
    if written is not None:
        return job_of(written), True
    same = select(*COLUMNS).where(jobs.c.idempotency_key == row["idempotency_key"], ACTIVE)
    return job_of((await conn.execute(same)).mappings().one()), False


async def active_keys(conn: AsyncConnection, keys: Collection[str]) -> dict[str, str]:
    """The ids of the active jobs with these keys, by key."""
    found: dict[str, str] = {}
    for some in chunks(list(keys)):
        same = select(jobs.c.idempotency_key, jobs.c.id).where(jobs.c.idempotency_key.in_(some), ACTIVE)
        found.update((key, job_id) for key, job_id in await conn.execute(same))
    return found


async def insert_many(conn: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert queued jobs; one whose key is active already is left out."""
    make = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    quiet = make(jobs).on_conflict_do_nothing(index_elements=[jobs.c.idempotency_key], index_where=ACTIVE)
    await conn.execute(quiet, list(rows))


async def get(conn: AsyncConnection, job_id: str) -> Job | None:
    """One job."""
    row = (await conn.execute(select(*COLUMNS).where(jobs.c.id == job_id))).mappings().one_or_none()
    return None if row is None else job_of(row)


async def get_many(conn: AsyncConnection, ids: Collection[str]) -> builtins.list[Job]:
    """The jobs with these ids, in no particular order."""
    found: builtins.list[Job] = []
    for some in chunks(list(ids)):
        rows = await conn.execute(select(*COLUMNS).where(jobs.c.id.in_(some)))
        found += [job_of(row) for row in rows.mappings()]
    return found


async def page(
    conn: AsyncConnection, which: JobFilter, *, after: tuple[int, str] | None, limit: int
) -> builtins.list[Job]:
    """Jobs, newest first."""
    wanted = select(*COLUMNS).where(*_fitting(which)).order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
    if after is not None:
        wanted = wanted.where(tuple_(jobs.c.created_at, jobs.c.id) < after)
    return [job_of(row) for row in (await conn.execute(wanted.limit(limit))).mappings()]


async def counts(conn: AsyncConnection, which: JobFilter) -> dict[str, int]:
    """How many jobs are in each state."""
    counted = select(jobs.c.state, func.count()).where(*_fitting(which)).group_by(jobs.c.state)
    return {row[0]: row[1] for row in await conn.execute(counted)}


async def counts_by_queue(conn: AsyncConnection) -> builtins.list[tuple[str, str, int]]:
    """Queue, state and how many."""
    counted = select(jobs.c.queue, jobs.c.state, func.count()).group_by(jobs.c.queue, jobs.c.state)
    return [(row[0], row[1], row[2]) for row in await conn.execute(counted)]


async def ids_of(
    conn: AsyncConnection, which: JobFilter, states: Collection[JobState], *, limit: int
) -> builtins.list[str]:
    """The ids of jobs that are in one of these states, the oldest first."""
    wanted = select(jobs.c.id).where(*_fitting(which), jobs.c.state.in_([state.value for state in states]))
    return builtins.list((await conn.execute(wanted.order_by(jobs.c.created_at).limit(limit))).scalars())


def _fitting(which: JobFilter) -> builtins.list[ColumnElement[bool]]:
    asked = (
        (jobs.c.kind, which.kind),
        (jobs.c.queue, which.queue),
        (jobs.c.subject, which.subject),
        (jobs.c.parent_id, which.parent),
        (jobs.c.batch_id, which.batch),
    )
    found = [column == value for column, value in asked if value is not None]
    if which.state is not None:
        found.append(jobs.c.state == literal_column(f"'{which.state.value}'"))
    if which.text:
        found.append(or_(jobs.c.title.icontains(which.text, autoescape=True), jobs.c.id == which.text))
    if not which.parts:
        found.append(jobs.c.parent_id.is_(None))
    if which.viewer is not None:
        found.append(visible_to(which.viewer))
    return found


async def active_for(conn: AsyncConnection, subjects: Collection[str]) -> builtins.list[Job]:
    """The jobs of these subjects that are not over, the running ones first, then by priority."""
    found: builtins.list[Job] = []
    for some in chunks(list(subjects)):
        found += [job_of(row) for row in await _active_for(conn.dialect.name).rows(conn, {"wanted": some})]
    return found


async def prioritise(conn: AsyncConnection, subject: str, priority: int) -> builtins.list[Job]:
    """Raise the jobs of a subject that have not started to at least this priority; returns those that changed."""
    changed = (
        update(jobs)
        .where(jobs.c.subject == subject, STARTABLE, jobs.c.priority < priority)
        .values(priority=priority)
        .returning(*COLUMNS)
    )
    return [job_of(row) for row in (await conn.execute(changed)).mappings()]


async def may_become_active(conn: AsyncConnection, job_id: str) -> bool:
    """False when another active job has the same key."""
    key = select(jobs.c.idempotency_key).where(jobs.c.id == job_id).scalar_subquery()
    other = select(jobs.c.id).where(jobs.c.idempotency_key == key, ACTIVE, jobs.c.id != job_id).limit(1)
    return (await conn.execute(other)).first() is None


async def change(
    conn: AsyncConnection, job_id: str, states: Collection[JobState], values: Mapping[str, Any]
) -> Job | None:
    """Write some columns while the job is in one of these states; None when it is not."""
    changed = (
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.state.in_([state.value for state in states]))
        .values(**values)
        .returning(*COLUMNS)
    )
    row = (await conn.execute(changed)).mappings().one_or_none()
    return None if row is None else job_of(row)


async def prune(conn: AsyncConnection, *, before: int, limit: int) -> int:
    """Delete jobs that were over before an instant, with their attempts; returns how many."""
    old = select(jobs.c.id).where(jobs.c.finished_at < before).limit(limit)
    return (await conn.execute(delete(jobs).where(jobs.c.id.in_(old)))).rowcount


def visible_to(viewer: str) -> ColumnElement[bool]:
    """What an account's own pages show."""
    return or_(jobs.c.owner_id.is_(None), jobs.c.owner_id == bindparam("viewer", viewer))


def new_row(job_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A queued job that may start at once."""
    return {
        "id": job_id,
        "state": JobState.QUEUED.value,
        "stage": None,
        "progress": 0.0,
        "speed": None,
        "attempts": 0,
        "fence": 0,
        "not_before": 0,
        "pending": 0,
        "needed": 0,
        "cancel_requested": 0,
        "pause_requested": 0,
        "created_at": clock.now(),
        **fields,
    }


@cache
def _insert_or_raise(dialect: str) -> Prepared:
    statement = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(jobs)
    raising = statement.on_conflict_do_update(
        index_elements=[jobs.c.idempotency_key],
        index_where=ACTIVE,
        set_={"priority": statement.excluded.priority},
        where=jobs.c.priority < statement.excluded.priority,
    )
    return Prepared(raising.returning(*COLUMNS))


def chunks(values: builtins.list[str], size: int = 500) -> builtins.list[builtins.list[str]]:
    """The values in pieces that a statement can take."""
    return [values[start : start + size] for start in range(0, len(values), size)]
