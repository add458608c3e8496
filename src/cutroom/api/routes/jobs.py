"""Jobs: what is running, what failed, cancel and retry."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts.models import Principal
from cutroom.api.access import Editor, Services, Viewer, Visitor, kept
from cutroom.api.routes.videos import After, Limit
from cutroom.api.schemas.base import JobStateName
from cutroom.api.schemas.jobs import JobCounts, JobPage, JobShape
from cutroom.bootstrap.container import Cutroom
from cutroom.jobs.models import Job, JobState

router = APIRouter(prefix="/api/jobs", tags=["jobs"])


@router.get("", dependencies=[kept])
async def list_jobs(
    services: Services,
    caller: Viewer,
    state: JobStateName | None = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    subject: Annotated[str | None, Query(max_length=40, description="The id of a video, asset or clip")] = None,
    limit: Limit = 50,
    after: After = None,
) -> JobPage:
    """Jobs you may see, newest first, with how many there are in each state."""
    viewer = None if caller.is_administrator else caller.account_id

    async def look(conn: AsyncConnection) -> JobPage:
        page = await services.jobs.list(
            conn,
            state=JobState(state) if state else None,
            kind=kind,
            subject=subject,
            limit=limit,
            after=after,
            viewer=viewer,
        )
        counts = await services.jobs.counts(conn, viewer=viewer)
        return JobPage(items=[_job(job) for job in page.items], next=page.next, counts=JobCounts(**counts))

    return await services.database.look(look)


@router.get("/{job_id}", dependencies=[kept])
async def get_job(job_id: str, services: Services, caller: Viewer) -> JobShape:
    """One job."""
    return _job(await services.database.look(lambda conn: _visible(services, conn, caller, job_id)))


@router.post("/{job_id}/cancel")
async def cancel_job(job_id: str, services: Services, caller: Editor, visitor: Visitor) -> JobShape:
    """Stop a job; a running one is killed with its children."""
    async with services.database.transaction(durable=True) as tx:
        job = await _visible(services, tx.conn, caller, job_id)
        caller.require_change(owner_id=job.owner_id, what="job")
        job = await services.jobs.cancel(tx, job_id)
        await services.accounts.audit.record(tx, caller, "job.cancel", job_id, visitor, title=job.title)
    return _job(job)


@router.post("/{job_id}/retry")
async def retry_job(job_id: str, services: Services, caller: Editor, visitor: Visitor) -> JobShape:
    """Queue a failed or cancelled job again."""
    async with services.database.transaction(durable=True) as tx:
        job = await _visible(services, tx.conn, caller, job_id)
        caller.require_change(owner_id=job.owner_id, what="job")
        job = await services.jobs.retry(tx, job_id)
        await services.accounts.audit.record(tx, caller, "job.retry", job_id, visitor, title=job.title)
    return _job(job)


async def _visible(services: Cutroom, conn: AsyncConnection, caller: Principal, job_id: str) -> Job:
    return await services.jobs.get(conn, job_id, viewer=None if caller.is_administrator else caller.account_id)


def _job(job: Job) -> JobShape:
    return JobShape.model_validate(job.document())
