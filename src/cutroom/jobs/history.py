"""SQL of a job's history: one line for each attempt."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core.errors import ErrorDocument
from cutroom.db.prepared import Prepared
from cutroom.jobs.models import Job, JobAttempt, Trace
from cutroom.jobs.tables import job_attempts

MOST_STAGES = 200
"""Of work that names a stage for each of a thousand things."""

_INSERT = Prepared(insert(job_attempts))


async def open_attempt(conn: AsyncConnection, job: Job, worker: str) -> None:
    """Write the line of an attempt that begins."""
    row = {
        "job_id": job.id,
        "fence": job.fence,
        "number": job.attempts,
        "worker": worker,
        "started_at": job.started_at,
    }
    await _INSERT.run(conn, row)


async def note_trace(conn: AsyncConnection, job: Job, trace: Trace) -> None:
    """Write how far an attempt has come, and what it has printed."""
    values = {"stages": msgspec.to_builtins(trace.stages[-MOST_STAGES:]), "log": trace.log}
    await _change(conn, job, values)


async def close_attempt(
    conn: AsyncConnection, job: Job, outcome: str, error: ErrorDocument | None, trace: Trace | None, at: int
) -> None:
    """Complete the line."""
    values: dict[str, Any] = {"finished_at": at, "outcome": outcome}
    if error is not None:
        values["error"] = msgspec.to_builtins(error)
    if trace is not None:
        values |= {"stages": msgspec.to_builtins(trace.stages[-MOST_STAGES:]), "log": trace.log}
    await _change(conn, job, values)


async def attempts(conn: AsyncConnection, job_id: str) -> list[JobAttempt]:
    """Every attempt at a job, the oldest first."""
    wanted = select(*(job_attempts.c[name] for name in JobAttempt.__struct_fields__))
    rows = await conn.execute(wanted.where(job_attempts.c.job_id == job_id).order_by(job_attempts.c.fence))
    return [
        msgspec.convert({str(name): value for name, value in row.items()} | {"stages": row["stages"] or []}, JobAttempt)
        for row in rows.mappings()
    ]


async def _change(conn: AsyncConnection, job: Job, values: dict[str, Any]) -> None:
    new = {f"new_{name}": value for name, value in values.items()}
    await _update(tuple(values)).run(conn, {"this_id": job.id, "this_fence": job.fence, **new})


@cache
def _update(names: tuple[str, ...]) -> Prepared:
    """Put together once."""
    return Prepared(
        update(job_attempts)
        .where(job_attempts.c.job_id == bindparam("this_id"), job_attempts.c.fence == bindparam("this_fence"))
        .values({name: bindparam(f"new_{name}", type_=job_attempts.c[name].type) for name in names})
    )
