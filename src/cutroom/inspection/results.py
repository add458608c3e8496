"""The reading side of verdicts for pages: of a scan, the newest of every file, one with its findings, statistics."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.core.cursors import from_cursor, to_cursor
from cutroom.core.errors import not_found
from cutroom.inspection import scan_store, store
from cutroom.inspection.files import displayed
from cutroom.inspection.models import FileReport, Finding, Severity
from cutroom.inspection.moments import Moment
from cutroom.inspection.vocabulary import Status
from cutroom.library.models import Video
from cutroom.library.service import LibraryService

MAX_PAGE = 500
HISTORY = 50
TREND = 30
_WORST = list(Severity)


class FileResult(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one file, without its findings."""

    id: str  # of a scan's result (digits), or of an inspection of a video (ins_…)
    path: str
    name: str
    status: str
    mode: str
    confidence: float
    severity: str | None
    duration_seconds: float | None
    size_bytes: int
    seconds_spent: float
    kept: bool
    finding_count: int
    message: str | None
    video_id: str | None
    checked_at: int  # µs since the epoch


class ResultPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of verdicts and the cursor of the next one."""

    items: list[FileResult]
    next: str | None


class PastVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a file's history."""

    at: int
    status: str
    mode: str
    scan_id: str | None


class ResultDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict with all that is known about it."""

    result: FileResult
    findings: list[Finding]
    history: list[PastVerdict]
    location: bytes  # os.fsencode of the file's path
    mtime_ns: int

    def moment(self, index: int) -> Moment:
        """Where the picture of a finding is. Raises `inspection.no-picture`."""
        return Moment.of(
            os.fsdecode(self.location),
            self.findings,
            index,
            status=self.result.status,
            stamp=(self.result.size_bytes, self.mtime_ns),
        )


class TrendPoint(msgspec.Struct, frozen=True, kw_only=True):
    """What one scan came to."""

    scan_id: str
    started_at: int
    statuses: dict[str, int]


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """How the files are, and how that was."""

    files: int
    results: int
    statuses: dict[str, int]
    trend: list[TrendPoint]  # oldest first


class Results:
    """Who calls: the pages, and reports. Only reads."""

    def __init__(self, library: LibraryService) -> None:
        self._library = library

    async def of_scan(
        self,
        conn: AsyncConnection,
        scan_id: str,
        *,
        statuses: Sequence[Status] = (),
        q: str = "",
        limit: int = 50,
        after: str | None = None,
    ) -> ResultPage:
        """A page of what a scan found, the worst first, then by path. Raises `library.bad-cursor`."""
        limit = max(1, min(limit, MAX_PAGE))
        asked = ("results", scan_id, list(statuses), q)
        begin = None if after is None else _place(after, asked)
        rows = await scan_store.results(
            conn,
            scan_id,
            statuses=statuses,
            q=q,
            after=None if begin is None else (begin[0], begin[1], _number(begin[2])),
            limit=limit + 1,
        )
        videos = await self._library.at_paths(conn, [bytes(row["path"]) for row in rows])
        items = [_of_result(row, videos.get(bytes(row["path"]))) for row in rows[:limit]]
        more = len(rows) > limit
        return ResultPage(items=items, next=_cursor(items[-1], rows[limit - 1]["shown"], asked) if more else None)

    async def reports(
        self, conn: AsyncConnection, scan_id: str, *, after: tuple[int, str, int] | None, limit: int
    ) -> list[tuple[FileReport, tuple[int, str, int]]]:
        """Rows for a report in the same order, each with what the next page begins after."""
        from cutroom.inspection.scans import report_of

        rows = await scan_store.results(conn, scan_id, statuses=(), q="", after=after, limit=limit, probes=True)
        return [(report_of(row, kept=bool(row["kept"])), (row["rank"], row["shown"], row["id"])) for row in rows]

    async def newest(
        self,
        conn: AsyncConnection,
        *,
        statuses: Sequence[Status] = (),
        q: str = "",
        limit: int = 50,
        after: str | None = None,
    ) -> ResultPage:
        """A page of the newest verdicts on every file, the worst first. Raises `library.bad-cursor`."""
        limit = max(1, min(limit, MAX_PAGE))
        asked = ("newest", list(statuses), q)
        begin = None if after is None else _place(after, asked)
        found = await scan_store.newest(conn, statuses=statuses, q=q, after=begin, limit=limit + 1)
        items = [await self._one(conn, result_id) for result_id, _ in found[:limit]]
        more = len(found) > limit
        return ResultPage(items=items, next=_cursor(items[-1], found[limit - 1][1], asked) if more else None)

    async def detail(self, conn: AsyncConnection, result_id: str) -> ResultDetail:
        """One verdict. Raises `result.not-found`."""
        if result_id.startswith("ins_"):
            row = await scan_store.video_verdict(conn, result_id)
            if row is None:
                raise not_found("result", result_id)
            path = os.fsencode(self._library.path_of(row["location_kind"], row["location"]))
            history = await self._history(conn, path, row["video_id"])
            result = self._of_inspection(row)
        else:
            row = await scan_store.result(conn, _number(result_id))
            if row is None:
                raise not_found("result", result_id)
            path = bytes(row["path"])
            video = (await self._library.at_paths(conn, [path])).get(path)
            result = _of_result(row, video)
            history = await self._history(conn, path, result.video_id)
        findings = msgspec.convert(row["findings"] or [], list[Finding])
        return ResultDetail(result=result, findings=findings, history=history, location=path, mtime_ns=row["mtime_ns"])

    async def statistics(self, conn: AsyncConnection) -> Statistics:
        """Numbers for the top of the page."""
        ranks = await scan_store.statuses_now(conn)
        scans = await scan_store.finished(conn, limit=TREND)
        return Statistics(
            files=sum(ranks.values()),
            results=await scan_store.count_verdicts(conn),
            statuses={one.value: ranks[one.rank] for one in Status if one.rank in ranks},
            trend=[
                TrendPoint(scan_id=row["id"], started_at=row["started_at"], statuses=row["statuses"])
                for row in reversed(scans)
            ],
        )

    async def _one(self, conn: AsyncConnection, result_id: str) -> FileResult:
        if result_id.startswith("ins_"):
            row = await scan_store.video_verdict(conn, result_id)
            assert row is not None  # of the same snapshot
            return self._of_inspection(row)
        row = await scan_store.result(conn, int(result_id))
        assert row is not None
        path = bytes(row["path"])
        return _of_result(row, (await self._library.at_paths(conn, [path])).get(path))

    async def _history(self, conn: AsyncConnection, path: bytes, video_id: str | None) -> list[PastVerdict]:
        rows = await store.history(conn, path, limit=HISTORY)
        past = [
            PastVerdict(at=row["created_at"], status=row["status"], mode=row["mode"], scan_id=row["scan_id"])
            for row in rows
        ]
        if video_id is not None:
            # What a scan found about a video is in both histories.
            past += [
                PastVerdict(at=row["created_at"], status=row["status"], mode=row["mode"], scan_id=None)
                for row in await store.newest(conn, video_id, limit=HISTORY)
                if not any(_same(row, one) for one in past)
            ]
        return sorted(past, key=lambda one: -one.at)[:HISTORY]

    def _of_inspection(self, row: dict[str, Any]) -> FileResult:
        findings = row["findings"] or []
        severities = [Severity(one["severity"]) for one in findings]
        return FileResult(
            id=row["id"],
            path=displayed(Path(self._library.path_of(row["location_kind"], row["location"]))),
            name=row["name"],
            severity=max(severities, key=_WORST.index).value if severities else None,
            duration_seconds=None,
            kept=False,
            finding_count=len(findings),
            message=findings[0]["message"] if findings else None,
            checked_at=row["created_at"],
            **{name: row[name] for name in ("status", "mode", "confidence", "size_bytes", "seconds_spent", "video_id")},
        )


def _of_result(row: dict[str, Any], video: Video | None) -> FileResult:
    path = row.get("shown") or displayed(Path(os.fsdecode(bytes(row["path"]))))
    findings = row["findings"] or []
    same = ("status", "mode", "confidence", "severity", "duration_seconds", "size_bytes", "seconds_spent")
    return FileResult(
        id=str(row["id"]),
        path=path,
        name=PurePosixPath(path).name,
        kept=bool(row.get("kept")),
        finding_count=len(findings),
        message=findings[0]["message"] if findings else None,
        video_id=video.id if video else None,
        checked_at=row["created_at"],
        **{name: row[name] for name in same},
    )


def _same(row: dict[str, Any], one: PastVerdict) -> bool:
    near = abs(row["created_at"] - one.at) < clock.SECOND
    return near and (row["mode"], row["status"]) == (one.mode, one.status)


def _cursor(last: FileResult, shown: str, asked: object) -> str:
    return to_cursor((Status(last.status).rank, shown, last.id), of=asked)


def _place(after: str, asked: object) -> tuple[int, str, str]:
    return from_cursor(after, tuple[int, str, str], of=asked, code="library.bad-cursor")


def _number(text: str) -> int:
    # 18 digits are no result anybody has, and still an integer of a database.
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise not_found("result", text)
    return int(text)
