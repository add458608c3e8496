"""Many files through the pool of bounded children: a generator in, rows out, whatever single files do."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Any, NamedTuple, cast

import msgspec

from cutroom.inspection.files import Candidate, displayed, path_arguments
from cutroom.inspection.findings import to_findings, to_verdict
from cutroom.inspection.models import FileReport, Inspection, Mode, Verdict
from cutroom.inspection.rules import FROM_ERROR
from cutroom.media.containers import Fault
from cutroom.media.pool import DecodePool
from cutroom.media.probe import Probe

TARGET = "cutroom.inspection.work:inspect_video"
_SECONDS = {"quick": (20.0, 50e6), "standard": (60.0, 2e6), "hybrid": (120.0, 0.25e6), "deep": (120.0, 0.25e6)}
_SECONDS["full"] = (180.0, 0.2e6)


class Row(NamedTuple):
    """The outcome of one file."""

    report: FileReport
    size_bytes: int
    file: Candidate
    result_id: int | None = None  # of the kept verdict; None: this one is new


def deadline_seconds(size_bytes: int, mode: Mode) -> float:
    """How long one file may take: a start, and time in proportion to its size at a very slow machine's speed."""
    start, bytes_a_second = _SECONDS[mode.value]
    return start + size_bytes / bytes_a_second


async def inspect_files(
    files: Iterable[Candidate] | AsyncIterable[Candidate],
    mode: Mode,
    *,
    pool: DecodePool,
    max_seconds_per_file: float | None = None,
    more: Callable[[Candidate], dict[str, Any]] | None = None,
    started: Callable[[Candidate], None] | None = None,
) -> AsyncGenerator[Row, None]:
    """Inspect files as they come; rows come as they finish, not in order.

    A file that runs past its deadline is `timed-out`, one that kills its child is `crashed`; the others go on. `more`
    gives further arguments for a file's child; `started` is told of each file before it is read.
    """
    flight: dict[int, Candidate] = {}

    def asked(index: int, file: Candidate) -> dict[str, Any]:
        flight[index] = file
        if started is not None:
            started(file)
        return {"mode": mode.value, **path_arguments(file.path), **(more(file) if more else {})}

    def arguments() -> Iterator[dict[str, Any]]:
        for index, file in enumerate(cast("Iterable[Candidate]", files)):
            yield asked(index, file)

    async def arguments_as_they_come() -> AsyncIterator[dict[str, Any]]:
        index = 0
        async for file in cast("AsyncIterable[Candidate]", files):
            yield asked(index, file)
            index += 1

    def deadline(item: Any) -> float:
        # Asked right after the item was drawn, so its file is the newest.
        return max_seconds_per_file or deadline_seconds(next(reversed(flight.values())).size_bytes, mode)

    items = arguments_as_they_come() if isinstance(files, AsyncIterable) else arguments()
    async for outcome in pool.map(TARGET, items, deadline_seconds=deadline):
        file, content_hash, found = flight.pop(outcome.index), None, None
        if file.problem is not None:
            verdict = failed(mode, "file.unreadable", _listing_problem(file))
        elif outcome.error is not None:
            code = FROM_ERROR.get(outcome.error.code, "file.crashed")
            verdict = failed(mode, code, outcome.error.message)
        else:
            inspection = msgspec.convert(outcome.result, Inspection)
            verdict, content_hash, found = inspection.verdict, inspection.content_hash, inspection.probe
        yield Row(row_of(file, verdict, content_hash, found), file.size_bytes, file)


def failed(mode: Mode, code: str, message: str) -> Verdict:
    """The verdict for a file about whose content nothing is known."""
    findings = to_findings([Fault(code=code, message=message)])
    return to_verdict(findings, mode, duration_seconds=None, seconds_spent=0.0)


def row_of(
    file: Candidate, verdict: Verdict, content_hash: str | None = None, probe: Probe | None = None
) -> FileReport:
    """The line of a report for one file."""
    return FileReport(
        path=displayed(file.path),
        status=verdict.status,
        mode=verdict.mode,
        confidence=verdict.confidence,
        severity=verdict.severity,
        duration_seconds=verdict.duration_seconds,
        seconds_spent=verdict.seconds_spent,
        findings=verdict.findings,
        size_bytes=file.size_bytes,
        content_hash=content_hash,
        probe=probe,
    )


def _listing_problem(file: Candidate) -> str:
    reason = file.problem.strerror if file.problem else ""
    return f"The folder {displayed(file.path)} cannot be listed: {reason}."
