"""Jobs: what is running, what failed and why; cancel, pause, resume and retry, one or many."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts.models import Principal, Visit
from cutroom.api.access import Editor, Services, Viewer, Visitor, kept
from cutroom.api.routes.videos import After, Limit
from cutroom.api.schemas.base import JobStateName
from cutroom.api.schemas.jobs import (
    AttemptShape,
    FamilyShape,
    JobCounts,
    JobDetail,
    JobOutcome,
    JobOutcomes,
    JobPage,
    JobsAsked,
    JobShape,
)
from cutroom.bootstrap.container import Cutroom
from cutroom.jobs.bulk import Action, Bulk, Outcome
from cutroom.jobs.models import Job, JobAttempt, JobFilter, JobState

router = APIRouter(prefix="/api/jobs", tags=["jobs"])

Word = Annotated[str | None, Query(max_length=40)]


@router.get("", dependencies=[kept])
async def list_jobs(
    services: Services,
    caller: Viewer,
    state: JobStateName | None = None,
    kind: Word = None,
    queue: Word = None,
    subject: Annotated[str | None, Query(max_length=40, description="The id of a video, asset or clip")] = None,
    parent: Annotated[str | None, Query(max_length=40, description="The parts of this job")] = None,
    batch: Annotated[str | None, Query(max_length=80, description="What was asked for together")] = None,
    text: Annotated[str | None, Query(max_length=200, description="In the title, or a job's id")] = None,
    parts: Annotated[bool, Query(description="false: without jobs that are parts of others")] = True,
    limit: Limit = 50,
    after: After = None,
) -> JobPage:
    """Jobs you may see, newest first, with how many there are in each state."""
    asked = {
        "kind": kind, "queue": queue, "subject": subject, "parent": parent, "batch": batch, "text": text,
        "parts": parts, "viewer": _viewer(caller),
    }  # fmt: skip

    async def look(conn: AsyncConnection) -> JobPage:
        page = await services.jobs.list(
            conn, state=JobState(state) if state else None, limit=limit, after=after, **asked
        )
        counts = await services.jobs.counts(conn, **asked)
        return JobPage(items=[_job(job) for job in page.items], next=page.next, counts=JobCounts(**counts))

    return await services.database.look(look)


@router.get("/{job_id}", dependencies=[kept])
async def get_job(job_id: str, services: Services, caller: Viewer) -> JobDetail:
    """One job, with each attempt's stages and log, how its parts are doing, and what it needs."""

    async def look(conn: AsyncConnection) -> JobDetail:
        job = await _visible(services, conn, caller, job_id)
        family = (await services.jobs.families(conn, [job_id])).get(job_id)
        return JobDetail(
            **job.document(),
            queue=job.queue,
            result=job.result,
            history=[_attempt(one) for one in await services.jobs.attempts(conn, job_id)],
            parts=None if family is None else FamilyShape(total=family.total, states=family.states),
            needs=await services.jobs.needs(conn, job_id),
        )

    return await services.database.look(look)


@router.post("/actions")
async def act_on_jobs(body: JobsAsked, services: Services, caller: Editor, visitor: Visitor) -> JobOutcomes:
    """Cancel, pause, resume or retry many jobs: those named, or all that fit; the answer says what became of each."""
    bulk = Bulk(services.database, services.jobs)
    action, viewer = Action(body.action), _viewer(caller)

    def allowed(job: Job) -> None:
        caller.require_change(owner_id=job.owner_id, what="job")

    if body.ids is not None:
        items, more = await bulk.named(action, body.ids, allowed, viewer=viewer), False
    else:
        assert body.matching is not None
        asked = body.matching.model_dump(exclude={"state"})
        state = JobState(body.matching.state) if body.matching.state else None
        found = await bulk.matching(action, JobFilter(**asked, state=state, viewer=viewer), allowed)
        items, more = found.items, found.more
    changed = sum(item.changed for item in items)
    async with services.database.transaction(durable=True) as tx:
        await services.accounts.audit.record(tx, caller, f"jobs.{action.value}", "jobs", visitor, jobs=changed)
    return JobOutcomes(items=[_outcome(item) for item in items], changed=changed, more=more)


@router.post("/{job_id}/cancel")
async def cancel_job(job_id: str, services: Services, caller: Editor, visitor: Visitor) -> JobShape:
    """Stop a job and its parts; a running one is killed with its children."""
    return await _act(Action.CANCEL, job_id, services, caller, visitor)


@router.post("/{job_id}/pause")
async def pause_job(job_id: str, services: Services, caller: Editor, visitor: Visitor) -> JobShape:
    """Keep a job and its parts from starting; a running one is stopped, and its attempt is not counted."""
    return await _act(Action.PAUSE, job_id, services, caller, visitor)


@router.post("/{job_id}/resume")
async def resume_job(job_id: str, services: Services, caller: Editor, visitor: Visitor) -> JobShape:
    """Let a paused job and its parts go on."""
    return await _act(Action.RESUME, job_id, services, caller, visitor)


@router.post("/{job_id}/retry")
async def retry_job(job_id: str, services: Services, caller: Editor, visitor: Visitor) -> JobShape:
    """Queue a failed or cancelled job again, with what it needs and was not done."""
    return await _act(Action.RETRY, job_id, services, caller, visitor)


async def _act(action: Action, job_id: str, services: Cutroom, caller: Principal, visitor: Visit) -> JobShape:
    async with services.database.transaction(durable=True) as tx:
        job = await _visible(services, tx.conn, caller, job_id)
        caller.require_change(owner_id=job.owner_id, what="job")
        job = await getattr(services.jobs, action.value)(tx, job_id)
        await services.accounts.audit.record(tx, caller, f"job.{action.value}", job_id, visitor, title=job.title)
    return _job(job)


def _viewer(caller: Principal) -> str | None:
    return None if caller.is_administrator else caller.account_id


async def _visible(services: Cutroom, conn: AsyncConnection, caller: Principal, job_id: str) -> Job:
    return await services.jobs.get(conn, job_id, viewer=_viewer(caller))


def _job(job: Job) -> JobShape:
    return JobShape.model_validate(job.document())


def _attempt(attempt: JobAttempt) -> AttemptShape:
    return AttemptShape.model_validate(msgspec.to_builtins(attempt))


def _outcome(outcome: Outcome) -> JobOutcome:
    return JobOutcome.model_validate(msgspec.to_builtins(outcome))
