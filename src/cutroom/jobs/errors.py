"""The errors of the job table."""

from __future__ import annotations

from cutroom.core.errors import CutroomError, ErrorDocument, ErrorKind

CANCELLED = ErrorDocument(code="job.cancelled", message="The job was cancelled.")


class StaleFenceError(CutroomError):
    """The attempt has lost its job: another one was given it, or it was ended. Nothing of it may be published."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            "job.stale-fence", f"This attempt of {job_id} does not hold the job any more.", kind=ErrorKind.CONFLICT
        )


def need_failed(title: str, why: ErrorDocument) -> ErrorDocument:
    """What a job shows that will never start, because one that it needs has ended without being done."""
    return ErrorDocument(
        code="job.need-failed",
        message=f"{title!r}, which it needs, was not done: {why.message}",
        hint="Retry it: what it needs is then tried again too.",
    )


PARENT_ENDED = ErrorDocument(code="job.parent-ended", message="The job that it was a part of has ended.")


def needs_over(job_id: str, state: str) -> CutroomError:
    """A new job cannot wait for one that has failed or was cancelled."""
    return CutroomError("job.needs-over", f"Job {job_id}, which the new one needs, is {state}.",
                        hint="Retry that one first.", kind=ErrorKind.CONFLICT)  # fmt: skip


def needs_circle() -> CutroomError:
    """Jobs that need each other would wait for ever."""
    return CutroomError("job.needs-circle", "These jobs need each other in a circle, so none could ever start.")


def queued_meanwhile() -> CutroomError:
    """Somebody else queued the same work between two statements of ours."""
    return CutroomError("job.queued-meanwhile", "Another process queued the same work at the same moment.",
                        hint="Try again.", kind=ErrorKind.CONFLICT)  # fmt: skip


def not_pausable(job_id: str, state: str) -> CutroomError:
    """What is over cannot be paused."""
    return CutroomError("job.not-pausable", f"Job {job_id} is {state}; only one that is not over can be paused.",
                        kind=ErrorKind.CONFLICT)  # fmt: skip


def not_resumable(job_id: str, state: str) -> CutroomError:
    """Only a paused job can go on."""
    return CutroomError("job.not-resumable", f"Job {job_id} is {state}; only a paused one can be resumed.",
                        kind=ErrorKind.CONFLICT)  # fmt: skip


def kind_unknown(name: str) -> CutroomError:
    """A row or a caller names a kind that no domain has registered."""
    return CutroomError(
        "job.kind-unknown",
        f"Nothing here knows how to do a {name!r} job.",
        hint="It was probably made by a newer Cutroom: run that one, or cancel the job.",
    )


def payload_newer(kind: str, version: int, known: int) -> ErrorDocument:
    """What a queued job shows that only a newer worker can read."""
    return ErrorDocument(
        code="job.payload-newer",
        message=f"This {kind!r} job has a payload of version {version}, and the workers here read up to {known}.",
        hint="It waits for a worker of the newer Cutroom: start one, or cancel the job.",
    )


def lost(attempts: int) -> ErrorDocument:
    """What a job shows whose worker vanished at every attempt."""
    return ErrorDocument(
        code="job.lost",
        message=f"The worker vanished in the middle of each of {attempts} attempts.",
        hint="See the server's log and the machine's memory, then retry the job.",
    )


def not_retryable(job_id: str, state: str) -> CutroomError:
    """Retrying is for jobs that failed or were cancelled."""
    return CutroomError("job.not-retryable", f"Job {job_id} is {state}; only a failed or cancelled job can be retried.",
                        kind=ErrorKind.CONFLICT)  # fmt: skip
