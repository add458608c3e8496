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


def kind_unknown(name: str) -> CutroomError:
    """A row or a caller names a kind that no domain has registered."""
    return CutroomError(
        "job.kind-unknown",
        f"Nothing here knows how to do a {name!r} job.",
        hint="It was probably made by a newer Cutroom: run that one, or cancel the job.",
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
