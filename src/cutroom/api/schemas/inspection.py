"""Scans, what they found, schedules and duplicates on the wire. Instants are microseconds since the epoch, UTC."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cutroom.api.schemas.base import Asked, ErrorBody, Shape

ModeName = Literal["quick", "standard", "hybrid", "deep", "full"]
FileStatus = Literal["healthy", "note", "suspect", "corrupt", "not-video", "unreadable", "timed-out", "crashed"]
SeverityName = Literal["note", "minor", "major", "critical"]
ScanStateName = Literal["queued", "running", "stopped", "done", "abandoned"]
ScanOrigin = Literal["page", "schedule", "command line"]
Statuses = dict[FileStatus, int]
ReportFormat = Literal["json", "jsonl", "csv", "html", "pdf"]
Folder = Annotated[str, Field(min_length=1, max_length=4096)]
Extension = Annotated[str, Field(min_length=1, max_length=20)]


class ScanAsked(Asked):
    """Either `roots` (folders or files of the server's disk, absolute) or `library: true`."""

    roots: list[Folder] = Field(default=[], max_length=100, description="Absolute paths; each must exist")
    library: bool = Field(default=False, description="Every video of the library instead of folders")
    mode: ModeName = "standard"
    recursive: bool = Field(default=True, description="Look into inner folders")
    extensions: list[Extension] = Field(default=[], max_length=100, description="Such as mp4; empty: the usual ones")
    rescan: bool = Field(default=False, description="Look at files again that have not changed")
    max_seconds_per_file: float | None = Field(
        default=None, ge=0.1, le=86_400, description="Give up on a file after so long; null: in proportion to its size"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> ScanAsked:
        if bool(self.roots) == self.library:
            raise ValueError("Name folders in roots, or say library: true, and not both")
        return self


class ScanShape(Shape):
    """One scan. The same object is the payload of the SSE topic `scan.changed`, for administrators, at most twice a
    second; a scan that was deleted is told as `{"id": …, "deleted": true}`."""

    id: str
    roots: list[str] = Field(description="As they are shown: bytes that are not UTF-8 appear as \\xNN")
    library: bool
    mode: ModeName
    state: ScanStateName = Field(
        description="stopped: cancelled, failed or interrupted, and can be resumed; abandoned: begun anew elsewhere"
    )
    origin: ScanOrigin
    schedule_id: str | None
    job_id: str | None = Field(description="Null for scans of the command line")
    files: int = Field(description="Files done so far, those included whose earlier verdict still holds")
    files_total: int | None = Field(description="Null while they are still counted")
    bytes: int = Field(description="Sizes of the files done so far, together")
    kept: int = Field(description="Of `files`, those that were not read, because they are unchanged since a verdict")
    statuses: Statuses = Field(description="How many of `files` have which status; only those that occur")
    seconds: float = Field(description="Time spent, pauses left out")
    files_per_second: float
    mb_per_second: float
    eta_seconds: float | None = Field(description="Null while there is too little to say it from, and when it is over")
    current: str | None = Field(description="A file that is being read now")
    started_at: int
    updated_at: int
    error: str | None = Field(description="Why it stopped, in one sentence; null when somebody asked for it")


class ScanPage(Shape):
    items: list[ScanShape]
    next: str | None


class FileResultShape(Shape):
    """The verdict on one file."""

    id: str = Field(description="For /api/inspection/results/{id}: digits, or ins_… where a library job gave it")
    path: str = Field(description="Absolute; bytes that are not UTF-8 appear as \\xNN")
    name: str = Field(description="The last part of the path, or the video's name in the library")
    status: FileStatus
    mode: ModeName
    confidence: float = Field(description="0 to 1, in the status")
    severity: SeverityName | None = Field(description="Of the worst finding")
    duration_seconds: float | None
    size_bytes: int
    seconds_spent: float
    kept: bool = Field(description="In a scan: the verdict is an earlier one's, the file has not changed since")
    finding_count: int
    message: str | None = Field(description="The sentence of the worst finding")
    video_id: str | None = Field(description="The video of the library at this path")
    checked_at: int = Field(description="When the verdict was given")


class FileResultPage(Shape):
    items: list[FileResultShape]
    next: str | None


class FoundFinding(Shape):
    """One kind of damage in one place."""

    index: int = Field(description="Its place in the list, from 0; the worst comes first")
    code: str = Field(description="Stable: mp4.moov-missing")
    severity: SeverityName
    confidence: float = Field(description="0 to 1, that this is damage")
    stream: int | None = Field(description="Index of the stream in the file")
    start_seconds: float | None = Field(description="On the file's own clock; null where it has no place in time")
    end_seconds: float | None
    byte_offset: int | None
    count: int = Field(description="Observations that were merged into this one")
    message: str
    picture_url: str | None = Field(
        description="The damaged moment as a player would show it; null for findings without a place in the picture"
    )


class PastVerdict(Shape):
    at: int
    status: FileStatus
    mode: ModeName
    scan_id: str | None = Field(description="Null for verdicts that a job of the library gave")


class ResultDetailShape(FileResultShape):
    findings: list[FoundFinding]
    history: list[PastVerdict] = Field(description="Every verdict kept about this path, newest first, at most 50")


class TrendPoint(Shape):
    scan_id: str
    started_at: int
    statuses: Statuses


class InspectionStatistics(Shape):
    files: int = Field(description="Files with a verdict: scanned ones and videos of the library")
    results: int = Field(description="Verdicts kept, older ones included")
    statuses: Statuses = Field(description="Of `files`, by their newest verdict")
    trend: list[TrendPoint] = Field(description="The newest 30 scans that came to their end, oldest first")


class DuplicateFile(Shape):
    path: str
    video_id: str | None


class DuplicateGroupShape(Shape):
    """Files that hold exactly the same bytes."""

    content_hash: str = Field(description="xxh3-128: and 32 hexadecimal digits")
    size_bytes: int = Field(description="Of each of them")
    wasted_bytes: int = Field(description="What all but one take; names of one and the same file (hard links) nothing")
    files: list[DuplicateFile] = Field(description="By path, at most 1,000")


class DuplicatePage(Shape):
    items: list[DuplicateGroupShape]
    next: str | None


class VideoInspectionShape(Shape):
    """One verdict of a video's history."""

    id: str = Field(description="ins_…")
    at: int
    status: FileStatus
    mode: ModeName
    confidence: float
    seconds_spent: float
    findings: list[FoundFinding]


class VideoInspectionPage(Shape):
    items: list[VideoInspectionShape]
    next: str | None


class InspectAsked(Asked):
    mode: ModeName = "standard"


class JobStarted(Shape):
    job_id: str = Field(description="Follow it at /api/jobs/{job_id}, or by job.changed")


class ScheduleAsked(Asked):
    """A scan that begins by itself, at times of the server's own time zone."""

    name: str = Field(min_length=1, max_length=100)
    roots: list[Folder] = Field(default=[], max_length=100)
    library: bool = False
    mode: ModeName = "standard"
    cron: str = Field(max_length=100, description="Five fields: minute hour day month weekday, such as 0 3 * * 6")
    rescan: bool = False
    enabled: bool = True

    @model_validator(mode="after")
    def _one_of_both(self) -> ScheduleAsked:
        if bool(self.roots) == self.library:
            raise ValueError("Name folders in roots, or say library: true, and not both")
        return self


class ScheduleChange(Asked):
    """What is left out stays as it is."""

    name: str | None = Field(default=None, min_length=1, max_length=100)
    roots: list[Folder] | None = Field(default=None, max_length=100)
    library: bool | None = None
    mode: ModeName | None = None
    cron: str | None = Field(default=None, max_length=100)
    rescan: bool | None = None
    enabled: bool | None = None


class ScheduleShape(Shape):
    id: str
    name: str
    roots: list[str]
    library: bool
    mode: ModeName
    cron: str
    rescan: bool
    enabled: bool
    next_run_at: int | None = Field(description="Null while it is turned off, or when its times are all over")
    last_scan_id: str | None
    last_run_at: int | None
    time_zone: str = Field(description="The server's, in which `cron` counts, as its system calls it: UTC, CET")
    error: ErrorBody | None = Field(description="Why the newest run could not begin")


class SchedulePage(Shape):
    items: list[ScheduleShape]
    next: str | None = Field(description="Always null: there are few")
