"""What an inspection says about a file: findings, a verdict, and the row of a machine-readable report."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cutroom.media.probe import Probe


class Mode(StrEnum):
    """How deep a file is looked into."""

    QUICK = "quick"  # structure and opening
    STANDARD = "standard"  # and every packet, all sound, every keyframe
    HYBRID = "hybrid"  # standard, then deep where that leaves doubt
    DEEP = "deep"  # and every frame


class Status(StrEnum):
    """What became of a file."""

    HEALTHY = "healthy"
    NOTE = "note"  # sound, with something worth knowing
    SUSPECT = "suspect"  # probably damaged, but not surely
    CORRUPT = "corrupt"
    NOT_VIDEO = "not-video"
    UNREADABLE = "unreadable"  # it could not be read, which says nothing about its content
    TIMED_OUT = "timed-out"
    CRASHED = "crashed"  # the decoder died or ran into a limit, which says nothing for sure either


class Severity(StrEnum):
    """How much a finding spoils."""

    NOTE = "note"  # nothing
    MINOR = "minor"  # seeking, an index, a moment
    MAJOR = "major"  # picture or sound that somebody would notice
    CRITICAL = "critical"  # the file does not play


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of damage in one place; neighbouring observations of the same kind are one finding."""

    code: str  # stable: "mp4.moov-missing"
    severity: Severity
    confidence: float  # 0 to 1, that this is damage
    stream: int | None  # index of the stream in the file
    start_seconds: float | None
    end_seconds: float | None
    byte_offset: int | None  # of the first observation, from the start of the file
    message: str  # one sentence
    count: int = 1  # observations that were merged


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one inspection."""

    status: Status
    mode: Mode
    confidence: float  # 0 to 1, in the status
    severity: Severity | None  # of the worst finding
    findings: list[Finding]
    duration_seconds: float | None
    seconds_spent: float
    rules_version: int

    @property
    def message(self) -> str | None:
        """The sentence of the worst finding, or None for a healthy file."""
        return self.findings[0].message if self.findings else None


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What `inspection.work.inspect_video` answers."""

    verdict: Verdict
    probe: Probe | None  # None when the file cannot be opened


class FileReport(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `cutroom inspect --format jsonl`."""

    path: str  # absolute; bytes that are not UTF-8 appear as \\xNN
    status: Status
    mode: Mode
    confidence: float
    severity: Severity | None
    duration_seconds: float | None
    seconds_spent: float
    findings: list[Finding]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Totals of one run."""

    files: int
    bytes: int
    seconds: float
    statuses: dict[str, int]  # only those that occurred


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The document of `cutroom inspect --format json`."""

    summary: Summary
    files: list[FileReport]
