"""Jobs on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from cutroom.api.schemas.base import Asked, ErrorBody, JobStateName, Shape

JobAction = Literal["cancel", "pause", "resume", "retry"]
MOST_NAMED = 1_000


class JobShape(Shape):
    id: str
    kind: str
    title: str
    subject: str
    parent_id: str | None
    batch_id: str | None
    state: JobStateName
    stage: str | None
    progress: float = Field(
        description="0 to 1; never goes back within an attempt; of its parts while it waits for them"
    )
    eta_seconds: float | None = Field(
        description="From the speed of the last half minute; null while that says nothing"
    )
    priority: int
    attempts: int
    max_attempts: int
    pending: int = Field(description="How many of the jobs it needs are not done yet")
    error: ErrorBody | None
    created_at: int
    started_at: int | None
    finished_at: int | None


class StageShape(Shape):
    stage: str
    at: int


class AttemptShape(Shape):
    number: int
    fence: int
    worker: str
    started_at: int
    finished_at: int | None
    outcome: Literal["done", "failed", "cancelled", "lost", "released", "paused"] | None = Field(
        description="null: under way"
    )
    error: ErrorBody | None
    stages: list[StageShape]
    log: str | None = Field(description="The end of what the working process printed")


class FamilyShape(Shape):
    total: int
    states: dict[str, int]


class JobDetail(JobShape):
    queue: str
    result: dict[str, Any] | None
    history: list[AttemptShape] = Field(description="The oldest attempt first")
    parts: FamilyShape | None = Field(description="null: it has none; they are listed by ?parent=")
    needs: list[str]


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
    counts: JobCounts = Field(description="Of what fits the other filters, whatever the state")


class JobsMatching(Asked):
    state: JobStateName | None = None
    kind: str | None = Field(default=None, max_length=40)
    queue: str | None = Field(default=None, max_length=40)
    subject: str | None = Field(default=None, max_length=40)
    parent: str | None = Field(default=None, max_length=40)
    batch: str | None = Field(default=None, max_length=80)
    text: str | None = Field(default=None, max_length=200)
    parts: bool = True


class JobsAsked(Asked):
    action: JobAction
    ids: Annotated[list[str], Field(max_length=MOST_NAMED)] | None = Field(
        default=None, description="These jobs; either this or `matching`"
    )
    matching: JobsMatching | None = Field(default=None, description="All that fit; {} is every job you may change")

    @model_validator(mode="after")
    def _either(self) -> JobsAsked:
        if (self.ids is None) == (self.matching is None):
            raise ValueError("Name the jobs in `ids`, or say in `matching` which are meant, and not both")
        return self


class JobOutcome(Shape):
    id: str
    changed: bool
    state: JobStateName | None = Field(description="Afterwards; null: there is no such job")
    error: ErrorBody | None = Field(description="Why it was left as it is")


class JobOutcomes(Shape):
    items: list[JobOutcome]
    changed: int
    more: bool = Field(description="Others fit as well: send the same again")
