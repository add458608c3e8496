"""A scan as pages, events and schedules see it."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from cutroom.inspection.scan_request import ScanRequest
from cutroom.inspection.vocabulary import Mode

TOPIC = "scan.changed"


class ScanState(StrEnum):
    """queued → running → done | stopped; stopped → queued when it is resumed."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPED = "stopped"  # cancelled, failed or interrupted; can be gone on with
    DONE = "done"
    ABANDONED = "abandoned"  # the command line began the same one anew


class Origin(StrEnum):
    """Who asked for a scan."""

    PAGE = "page"
    SCHEDULE = "schedule"
    COMMAND_LINE = "command line"


class ScanRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `scans`. Instants are µs since the epoch."""

    id: str
    request: str  # what was asked, as a hash
    roots: list[str]  # as they are shown
    mode: str
    state: ScanState
    rules_version: int
    files: int
    bytes: int
    kept: int
    statuses: dict[str, int]
    seconds: float  # spent, pauses left out
    started_at: int
    updated_at: int
    origin: Origin
    library: bool
    options: dict[str, Any] | None  # `options_of` the request; None for scans of earlier versions
    schedule_id: str | None
    job_id: str | None
    files_total: int | None
    eta_seconds: float | None
    current: str | None
    error: dict[str, Any] | None

    @property
    def under_way(self) -> bool:
        """Whether it is waiting for its turn or being worked on."""
        return self.state in (ScanState.QUEUED, ScanState.RUNNING)

    def document(self) -> dict[str, Any]:
        """The scan as JSON shows it: in answers and in `scan.changed`."""
        running, seconds = self.state is ScanState.RUNNING, max(self.seconds, 0.001)
        shown = ("id", "roots", "mode", "schedule_id", "job_id", "files", "files_total", "bytes", "kept", "statuses")
        return {
            **{name: getattr(self, name) for name in shown},
            "library": self.library,
            "state": self.state.value,
            "origin": self.origin.value,
            "seconds": round(self.seconds, 2),
            "files_per_second": round(self.files / seconds, 2) if self.files else 0.0,
            "mb_per_second": round(self.bytes / seconds / 1e6, 2) if self.files else 0.0,
            "eta_seconds": self.eta_seconds if running else None,
            "current": self.current if running else None,
            "started_at": self.started_at,
            "updated_at": self.updated_at,
            "error": _sentence(self.error),
        }


class ScanRowPage(msgspec.Struct, frozen=True, kw_only=True):
    """Scans, newest first, and the cursor of the next page."""

    items: list[ScanRow]
    next: str | None


def row_of(values: dict[str, Any]) -> ScanRow:
    """A row as the database has it."""
    named = {str(name): value for name, value in values.items()}  # names come as a kind of str msgspec does not take
    return msgspec.convert({**named, "library": bool(values["library"])}, ScanRow)


def options_of(request: ScanRequest) -> dict[str, Any]:
    """What `request_of` needs besides the columns; the roots' own bytes, because names need not be UTF-8."""
    return {
        "roots": [b64encode(os.fsencode(root)).decode() for root in request.roots],
        "recursive": request.recursive,
        "extensions": list(request.extensions),
        "rescan": request.rescan,
        "max_seconds_per_file": request.max_seconds_per_file,
    }


def request_of(row: ScanRow) -> ScanRequest | None:
    """What the scan was asked; None for a scan of an earlier version, which did not write it down."""
    if row.options is None:
        return None
    rest = dict(row.options)
    return ScanRequest(
        roots=tuple(Path(os.fsdecode(b64decode(root))) for root in rest.pop("roots")),
        mode=Mode(row.mode),
        extensions=tuple(rest.pop("extensions")),
        library=row.library,
        **rest,
    )


def _sentence(error: dict[str, Any] | None) -> str | None:
    return " ".join(filter(None, (error["message"], error.get("hint")))) if error else None
