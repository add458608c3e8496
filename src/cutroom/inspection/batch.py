"""Many files through the pool of bounded children: a generator in, rows out, whatever single files do."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable
from typing import Any, NamedTuple

import msgspec

from cutroom.inspection.files import Candidate, displayed, path_arguments
from cutroom.inspection.findings import to_findings, to_verdict
from cutroom.inspection.models import FileReport, Inspection, Mode, Verdict
from cutroom.inspection.rules import FROM_ERROR
from cutroom.media.containers import Fault
from cutroom.media.facts import Probe
from cutroom.media.pool import DecodePool

TARGET = "cutroom.inspection.work:inspect_videos"
TOGETHER = 8
"""Small files that one question to a child names: asking costs as much as reading one of them."""
_SMALL = 256 << 10  # bytes
_QUICKLY_DONE = frozenset({Mode.QUICK, Mode.STANDARD})
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
    together: int = TOGETHER,
) -> AsyncGenerator[Row, None]:
    """Inspect files as they come; rows come as they finish, not in order.

    A file that runs past its deadline is `timed-out`, one that kills its child is `crashed`; the others go on. Small
    files go to a child up to `together` at a time; when that fails, each is tried again alone. `more` gives further
    arguments for a file's child; `started` is told of each file before it is read.
    """
    flight: dict[int, list[Candidate]] = {}

    def asked(index: int, some: list[Candidate]) -> dict[str, Any]:
        flight[index] = some
        for file in some:
            if started is not None:
                started(file)
        return {
            "mode": mode.value,
            "files": [{**path_arguments(file.path), **(more(file) if more else {})} for file in some],
        }

    async def arguments() -> AsyncIterator[dict[str, Any]]:
        index = 0
        async for some in _groups(files, together if mode in _QUICKLY_DONE else 1):
            yield asked(index, some)
            index += 1

    def deadline(_item: Any) -> float:
        # Asked right after the item was drawn, so its files are the newest. Of several the longest: they are small.
        sizes = (file.size_bytes for file in next(reversed(flight.values())))
        return max_seconds_per_file or max(deadline_seconds(size, mode) for size in sizes)

    async for outcome in pool.map(TARGET, arguments(), deadline_seconds=deadline):
        some = flight.pop(outcome.index)
        if outcome.error is None:
            for file, result in zip(some, outcome.result, strict=True):
                yield _row(file, mode, msgspec.convert(result, Inspection))
        elif len(some) == 1:
            code = FROM_ERROR.get(outcome.error.code, "file.crashed")
            yield _row(some[0], mode, failed(mode, code, outcome.error.message))
        else:
            alone = inspect_files(
                some, mode, pool=pool, max_seconds_per_file=max_seconds_per_file, more=more, together=1
            )
            async for row in alone:
                yield row


async def _groups(
    files: Iterable[Candidate] | AsyncIterable[Candidate], together: int
) -> AsyncIterator[list[Candidate]]:
    """Small neighbours together, every other file alone."""
    some: list[Candidate] = []
    async for file in _as_they_come(files):
        if file.size_bytes > _SMALL:
            yield [file]
            continue
        some.append(file)
        if len(some) >= together:
            yield some
            some = []
    if some:
        yield some


async def _as_they_come(files: Iterable[Candidate] | AsyncIterable[Candidate]) -> AsyncIterator[Candidate]:
    if isinstance(files, AsyncIterable):
        async for file in files:
            yield file
    else:
        for file in files:
            yield file


def _row(file: Candidate, mode: Mode, found: Inspection | Verdict) -> Row:
    if file.problem is not None:
        found = failed(mode, "file.unreadable", _listing_problem(file))
    if isinstance(found, Verdict):
        return Row(row_of(file, found), file.size_bytes, file)
    return Row(row_of(file, found.verdict, found.content_hash, found.probe), file.size_bytes, file)


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
