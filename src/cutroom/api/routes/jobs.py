"""Jobs: what is running, what failed, cancel and retry."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from cutroom.api.access import Editor, Services, Viewer, Visitor
from cutroom.api.routes.videos import After, Limit
from cutroom.api.schemas.base import JobStateName
from cutroom.api.schemas.jobs import JobPage, JobShape

router = APIRouter(prefix="/api/jobs", tags=["jobs"])


@router.get("")
async def list_jobs(
    services: Services,
    caller: Viewer,
    state: Annotated[list[JobStateName] | None, Query(description="Any of these")] = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    subject: Annotated[str | None, Query(max_length=40, description="The id of a video, asset or clip")] = None,
    limit: Limit = 50,
    after: After = None,
) -> JobPage:
    """Jobs you may see, newest first, with how many there are in each state."""
    raise NotImplementedError


@router.get("/{job_id}")
async def get_job(job_id: str, services: Services, caller: Viewer) -> JobShape:
    """One job."""
    raise NotImplementedError


@router.post("/{job_id}/cancel")
async def cancel_job(job_id: str, services: Services, caller: Editor, visitor: Visitor) -> JobShape:
    """Stop a job; a running one is killed with its children."""
    raise NotImplementedError


@router.post("/{job_id}/retry")
async def retry_job(job_id: str, services: Services, caller: Editor, visitor: Visitor) -> JobShape:
    """Queue a failed or cancelled job again."""
    raise NotImplementedError
