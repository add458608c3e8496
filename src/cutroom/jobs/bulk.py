"""One verb for many jobs: those that are named, or all that fit a filter; the answer says what became of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec

from cutroom.core.errors import CutroomError, ErrorDocument, ErrorKind
from cutroom.db.engine import Database, Transaction
from cutroom.jobs.models import Job, JobFilter, JobState
from cutroom.jobs.service import JobService

MOST_AT_ONCE = 10_000
"""Jobs of one call; when more fit, the call says so and can be made again."""
_IN_ONE_TRANSACTION = 100


class Action(StrEnum):
    """What can be done to many."""

    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"


_FROM: dict[Action, tuple[JobState, ...]] = {
    Action.CANCEL: (JobState.WAITING, JobState.QUEUED, JobState.RUNNING, JobState.PAUSED),
    Action.PAUSE: (JobState.WAITING, JobState.QUEUED, JobState.RUNNING),
    Action.RESUME: (JobState.PAUSED,),
    Action.RETRY: (JobState.FAILED, JobState.CANCELLED),
}
"""States that an action changes something about."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one job."""

    id: str
    changed: bool
    state: JobState | None = None  # afterwards; None when there is no such job
    error: ErrorDocument | None = None  # why it was left as it is


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """What became of all of them."""

    items: list[Outcome]
    more: bool  # others fit as well: ask again


Allowed = Callable[[Job], None]
"""Raises a `CutroomError` for a job that the caller may not change."""


class Bulk:
    """Works off a call in transactions of a hundred, so that nobody else waits long for the database."""

    def __init__(self, database: Database, jobs: JobService) -> None:
        self._database = database
        self._jobs = jobs

    async def matching(self, action: Action, which: JobFilter, allowed: Allowed) -> Outcomes:
        """Do it to all that fit and that it changes something about."""
        async with self._database.read() as conn:
            ids = await self._jobs.fitting(conn, which, _FROM[action], limit=MOST_AT_ONCE + 1)
        items = await self.named(action, ids[:MOST_AT_ONCE], allowed, viewer=which.viewer)
        return Outcomes(items=items, more=len(ids) > MOST_AT_ONCE)

    async def named(self, action: Action, ids: Sequence[str], allowed: Allowed, *, viewer: str | None) -> list[Outcome]:
        """Do it to these, in this order; an id that comes twice is worked off once."""
        once = list(dict.fromkeys(ids))
        found: list[Outcome] = []
        for start in range(0, len(once), _IN_ONE_TRANSACTION):
            async with self._database.transaction(durable=True) as tx:
                some = once[start : start + _IN_ONE_TRANSACTION]
                found += [await self._one(tx, action, job_id, allowed, viewer) for job_id in some]
        return found

    async def _one(self, tx: Transaction, action: Action, job_id: str, allowed: Allowed, viewer: str | None) -> Outcome:
        before: Job | None = None
        try:
            before = await self._jobs.get(tx.conn, job_id, viewer=viewer)
            allowed(before)
            if before.state not in _FROM[action]:
                raise _wrong_state(action, before)
            after: Job = await getattr(self._jobs, action.value)(tx, job_id)
        except CutroomError as error:
            if error.kind not in (ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.FORBIDDEN):
                raise
            state = None if before is None else before.state
            return Outcome(id=job_id, changed=False, state=state, error=error.document)
        return Outcome(id=job_id, changed=True, state=after.state)


def _wrong_state(action: Action, job: Job) -> CutroomError:
    wanted = ", ".join(state.value for state in _FROM[action])
    return CutroomError(
        f"job.not-{_ABLE[action]}",
        f"Job {job.id} is {job.state.value}; {action.value} is for jobs that are {wanted}.",
        kind=ErrorKind.CONFLICT,
    )


_ABLE = {
    Action.CANCEL: "cancellable",
    Action.PAUSE: "pausable",
    Action.RESUME: "resumable",
    Action.RETRY: "retryable",
}
