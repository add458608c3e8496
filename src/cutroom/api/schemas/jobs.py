"""Jobs on the wire."""

from __future__ import annotations

from cutroom.api.schemas.base import ErrorBody, JobStateName, Shape


class JobShape(Shape):
    id: str
    kind: str
    title: str
    subject: str
    parent_id: str | None
    batch_id: str | None
    state: JobStateName
    stage: str | None
    progress: float
    eta_seconds: float | None
    priority: int
    attempts: int
    max_attempts: int
    pending: int
    error: ErrorBody | None
    created_at: int
    started_at: int | None
    finished_at: int | None


class JobCounts(Shape):
    waiting: int
    queued: int
    running: int
    paused: int
    done: int
    failed: int
    cancelled: int


class JobPage(Shape):
    items: list[JobShape]
    next: str | None
    counts: JobCounts
