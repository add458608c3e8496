"""What a job is: its states, its row, and what a domain says about a kind of work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from cutroom.core import clock
from cutroom.core.errors import ErrorDocument
from cutroom.db.engine import Transaction

URGENT = 100
"""Somebody opened it or asked for it."""
CLIP = 90
INSPECT = 60
PREVIEW = 50
SCAN = 20
HASH = 10
PROXY = 5
CHECK = 2
"""The closer look at what was added, when there is nothing else to do."""
IDLE_BELOW = PREVIEW
"""Work below this priority starts only while nothing above it waits: verdicts and posters come before ladders."""
LAST_BELOW = PROXY
"""Work below this one starts only while no ladder waits either: nobody ever waits for it."""

_ETA_FRACTION = 0.02
_ETA_SECONDS = 2.0


class JobState(StrEnum):
    """queued → running → done | failed | cancelled; running → queued again after a lost or failed attempt.

    A job that needs others is `waiting` until the last of them is done. Whatever is not over can be `paused`.
    """

    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing more will happen unless somebody retries it."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the job table. Instants are µs since the epoch."""

    id: str
    kind: str
    queue: str
    payload: dict[str, Any]
    payload_version: int
    subject: str  # the id of the video, asset or clip it works for
    owner_id: str | None  # whose page shows it; None: everybody's
    title: str
    state: JobState
    stage: str | None
    progress: float  # 0 to 1
    speed: float | None  # progress a second, lately
    priority: int  # larger first
    attempts: int  # counted at the claim
    max_attempts: int
    fence: int  # grows at each claim
    not_before: int
    cancel_requested: bool
    error: ErrorDocument | None
    result: dict[str, Any] | None
    created_at: int
    started_at: int | None  # of the latest attempt
    finished_at: int | None
    parent_id: str | None = None  # the job whose part it is
    batch_id: str | None = None  # shared by the jobs that were asked for together
    pending: int = 0  # how many of the jobs it needs are not done yet
    needed: bool = False  # whether others wait for it
    pause_requested: bool = False
    work_dir: Path | None = None  # the running attempt's own folder: exists from `prepare` to the end of `publish`

    @property
    def folder(self) -> Path:
        """`work_dir` of a job that is being worked on."""
        if self.work_dir is None:
            raise RuntimeError(f"{self.id} is not being worked on, so it has no folder")
        return self.work_dir

    def eta_seconds(self, now: int) -> float | None:
        """Seconds to go if it goes on as fast as it did lately; None while there is too little to say it from."""
        if self.state not in (JobState.RUNNING, JobState.WAITING) or self.progress < _ETA_FRACTION or not self.speed:
            return None
        if self.started_at is not None and now - self.started_at < _ETA_SECONDS * clock.SECOND:
            return None
        return round((1 - self.progress) / self.speed, 1)

    def document(self) -> dict[str, Any]:
        """The job as JSON shows it: in lists, in events and on the command line."""
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "subject": self.subject,
            "parent_id": self.parent_id,
            "batch_id": self.batch_id,
            "state": self.state.value,
            "stage": self.stage,
            "progress": round(self.progress, 4),
            "eta_seconds": self.eta_seconds(clock.now()),
            "priority": self.priority,
            "attempts": self.attempts,
            "max_attempts": self.max_attempts,
            "pending": self.pending,
            "error": None if self.error is None else msgspec.to_builtins(self.error),
            "created_at": self.created_at,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
        }


class StageMark(msgspec.Struct, frozen=True, kw_only=True):
    """When an attempt came to a stage of its work."""

    stage: str
    at: int  # µs since the epoch


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt leaves to read."""

    stages: list[StageMark] = []
    log: str | None = None  # the end of what its process printed


class JobAttempt(Trace, frozen=True, kw_only=True):
    """One line of a job's history. Instants are µs since the epoch."""

    number: int  # as people count: one that was given back is tried again
    fence: int
    worker: str  # host:process:random
    started_at: int
    finished_at: int | None
    outcome: str | None  # done, failed, cancelled, lost, released, paused; None: under way
    error: ErrorDocument | None


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """How the parts of a job are doing."""

    total: int
    states: dict[str, int]  # without those that nobody is in
    progress: float  # of all of them together, 0 to 1
    speed: float | None  # progress a second, of all that run


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """What `JobService.enqueue_many` takes; the fields are those of `enqueue`, and what ties jobs together.

    `id` (of `core.ids.new_id("job")`) lets others of the same call name it; `needs` are ids of this call or of stored
    jobs, all of which must be done before it may start.
    """

    id: str | None = None
    needs: tuple[str, ...] = ()
    parent_id: str | None = None
    batch_id: str | None = None
    kind: str
    payload: dict[str, Any]
    subject: str
    title: str
    owner_id: str | None = None
    priority: int = PREVIEW
    idempotency_key: str | None = None


class JobFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs: those that fit everything that is said here."""

    state: JobState | None = None
    kind: str | None = None
    queue: str | None = None
    subject: str | None = None  # the id of a video, asset or clip
    parent: str | None = None  # the parts of this job
    batch: str | None = None  # what was asked for together
    text: str | None = None  # in the title, or a job's id
    parts: bool = True  # False: without jobs that are parts of others
    viewer: str | None = None  # the account that looks; None sees everybody's


class JobPage(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs, newest first, and the cursor of the next page."""

    items: list[Job]
    next: str | None


Prepare = Callable[[Transaction, Job], Awaitable[dict[str, Any] | None]]
OnProgress = Callable[[Transaction, Job, dict[str, Any]], Awaitable[None]]
Publish = Callable[[Transaction, Job, dict[str, Any]], Awaitable[dict[str, Any] | None]]
Deliver = Callable[["Job", dict[str, Any], dict[str, Any]], Coroutine[Any, Any, dict[str, Any]]]
Paths = Callable[[dict[str, Any]], Sequence[str]]
OnFailed = Callable[[Transaction, Job, ErrorDocument], Awaitable[None]]


def no_paths(_arguments: dict[str, Any]) -> Sequence[str]:
    """Of a kind that has nothing to do with the store."""
    return ()


class JobKind(msgspec.Struct, frozen=True, kw_only=True):
    """What a domain says about one kind of work. All callbacks run in short transactions of the runner."""

    name: str
    queue: str
    target: str  # "cutroom.package.work:function", run in a child
    prepare: Prepare
    """The target's arguments; None when nothing is left to do, and the job is done."""
    publish: Publish
    """Inside the finishing transaction and under the fence: runs at most once. Returns what `job.result` keeps."""
    reads: Paths = no_paths
    """Which of the arguments' files and folders lie in the store, and are brought to the local disk first."""
    writes: Paths = no_paths
    """Into which folders of the store the child writes; what is new there is sent while it runs."""
    deliver: Deliver | None = None
    """Between the child's end and `publish`, outside of any transaction, with the arguments and the result: moves files
    into the store, under keys that no other attempt uses. Returns the result for `publish`."""
    progress: OnProgress | None = None
    """For each report that carries an "event", in order, in a transaction that holds the fence."""
    failed: OnFailed | None = None
    """The job has failed or was cancelled for good."""
    max_attempts: int = 3
    deadline_seconds: float | Callable[[Job], float] | None = None
    """How long one attempt may take before it is killed; None: as long as it lives."""
    payload_version: int = 1
    """Grows when older workers could not read the payload any more: they leave such jobs to newer ones."""
    encoders: tuple[str, ...] = ()
    """Without which the work cannot be done: a worker that lacks one leaves the job to others."""

    def deadline(self, job: Job) -> float | None:
        """The deadline of this job's attempts, in seconds."""
        return self.deadline_seconds(job) if callable(self.deadline_seconds) else self.deadline_seconds
