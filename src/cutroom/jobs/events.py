"""What the jobs announce inside a transaction; `bootstrap` subscribes who wants to know."""

from __future__ import annotations

from dataclasses import dataclass

from cutroom.jobs.models import Job


@dataclass(frozen=True, kw_only=True)
class JobDone:
    """A job is done; its parts are not told of one by one."""

    job: Job


@dataclass(frozen=True, kw_only=True)
class JobFailed:
    """A job has failed for good, after all its attempts; one that was cancelled has not."""

    job: Job
