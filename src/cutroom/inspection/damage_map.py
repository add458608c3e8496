"""Where a film is damaged, as shares of its length: what the reports draw."""

from __future__ import annotations

from typing import NamedTuple

from cutroom.inspection.models import FileReport, Finding


class Mark(NamedTuple):
    """One damaged place, from `start` to `end` as shares (0 to 1) of the film."""

    start: float
    end: float
    finding: Finding


def marks(row: FileReport) -> list[Mark]:
    """The places of a file's findings, the worst drawn last; findings about the file as a whole have none.

    A finding without a time is placed by its byte offset, which is where it is in the file and near where it is in
    the film.
    """
    found = [mark for finding in row.findings if (mark := _mark(row, finding)) is not None]
    return found[::-1]


def clock(seconds: float) -> str:
    """`1:02:03.4`, `2:03.4`."""
    minutes, rest = divmod(round(seconds, 1), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"


def one_line(text: str) -> str:
    """A name or a sentence without line breaks and control characters, which are escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _mark(row: FileReport, finding: Finding) -> Mark | None:
    if finding.start_seconds is not None and row.duration_seconds:
        start = _share(finding.start_seconds / row.duration_seconds)
        end = finding.start_seconds if finding.end_seconds is None else finding.end_seconds
        return Mark(start, max(start, _share(end / row.duration_seconds)), finding)
    if finding.byte_offset is not None and row.size_bytes:
        start = _share(finding.byte_offset / row.size_bytes)
        return Mark(start, start, finding)
    return None


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))
