"""What an inspection says about a file: findings, a verdict, and the row of a machine-readable report."""

from __future__ import annotations

import msgspec

from cutroom.inspection.vocabulary import Mode, Severity, Status
from cutroom.media.probe import Probe

__all__ = ["FileReport", "Finding", "Inspection", "Mode", "Report", "Severity", "Status", "Summary", "Verdict"]


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
    content_hash: str | None = None  # in mode full


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
    size_bytes: int = 0
    content_hash: str | None = None  # "xxh3-128:" and 32 hexadecimal digits, where the mode reads every byte
    kept: bool = False  # the verdict is an earlier run's: the file has not changed since
    probe: Probe | None = None  # what the file declares; from mode standard on also what was counted


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Totals of one run."""

    files: int
    bytes: int
    seconds: float
    statuses: dict[str, int]  # only those that occurred
    kept: int = 0  # of `files`, those whose verdict is an earlier run's


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The document of `cutroom inspect --format json`."""

    summary: Summary
    files: list[FileReport]
