"""A scan of the server, run by a child of the supervisor: it opens the database as the command line does, and starts
bounded children of its own for the files.

See decision 0022 for why the work is there and not in the supervisor.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cutroom.bootstrap.container import Cutroom
    from cutroom.bootstrap.settings import Settings
    from cutroom.inspection.batch import Row
    from cutroom.inspection.files import Candidate
    from cutroom.inspection.scans import Scan

TARGET = "cutroom.bootstrap.scan_child:run_scan"
REPORT_SECONDS = 0.5
_VIDEOS_AT_ONCE = 500
_SOON_SECONDS = 2.0  # before that a speed says nothing

Report = Callable[[dict[str, Any]], None]


def arguments(settings: Settings) -> dict[str, Any]:
    """What `run_scan` needs besides the scan: children see no environment, so they are told the settings."""
    children = settings.jobs.scan or max(1, len(os.sched_getaffinity(0)) - 1)
    return {"settings": settings.model_dump(mode="json"), "children": children}


def run_scan(*, report: Report, scan_id: str, settings: dict[str, Any], children: int) -> dict[str, Any]:
    """Work on a scan to its end; the totals, or {} when nothing is left to do."""
    from cutroom.bootstrap.settings import Settings

    return asyncio.run(_run(report, scan_id, Settings(**settings), children))


async def _run(report: Report, scan_id: str, settings: Settings, children: int) -> dict[str, Any]:
    from cutroom.bootstrap.container import build
    from cutroom.inspection.scanning import scan_files
    from cutroom.media.pool import DecodePool

    cutroom = build(settings)
    try:
        scan = await cutroom.scans.take(scan_id)
        if scan is None:
            return {}
        meter = _Meter(scan, report)
        memory = settings.media.memory_mib << 20 or None
        counting = asyncio.create_task(_count(cutroom, scan, meter))
        telling = asyncio.create_task(meter.tell_often())
        try:
            async with DecodePool(children, memory_bytes=memory) as pool:
                rows: AsyncGenerator[Row, None] = scan_files(
                    _files(cutroom, scan), scan, scans=cutroom.scans, pool=pool, started=meter.start
                )
                async with aclosing(rows):
                    async for row in rows:
                        meter.add(row)
        finally:
            for task in (counting, telling):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        return {"files": meter.totals.files}
    finally:
        await cutroom.database.close()


def _files(cutroom: Cutroom, scan: Scan) -> Any:
    from cutroom.inspection.files import VIDEO_EXTENSIONS, candidates

    request = scan.request
    if request.library:
        return _videos(cutroom)
    extensions = frozenset(request.extensions) or VIDEO_EXTENSIONS
    return candidates(request.roots, recursive=request.recursive, extensions=extensions)


async def _videos(cutroom: Cutroom) -> AsyncIterator[Candidate]:
    from cutroom.inspection.files import candidates

    after = ""
    while True:
        begin = after
        async with cutroom.database.read() as conn:
            places = await cutroom.library.places(conn, after=begin, limit=_VIDEOS_AT_ONCE)
        for _, path in places:
            for file in candidates([Path(path)], recursive=False):
                yield file
        if len(places) < _VIDEOS_AT_ONCE:
            return
        after = places[-1][0]


async def _count(cutroom: Cutroom, scan: Scan, meter: _Meter) -> None:
    """How many files there are, beside the work."""
    if scan.request.library:
        from cutroom.library.models import VideoFilter

        async with cutroom.database.read() as conn:
            meter.total = (await cutroom.library.count(conn, viewer=None, where=VideoFilter())).number
        return
    meter.total = await asyncio.to_thread(lambda: sum(1 for _ in _files(cutroom, scan)))


class _Meter:
    """How far the scan is, told through the pipe at most twice a second."""

    def __init__(self, scan: Scan, report: Report) -> None:
        from cutroom.inspection.report import Totals

        self.totals = Totals()
        self.total: int | None = None
        self._scan = scan
        self._report = report
        self._read = 0
        self._current: str | None = None
        self._began = time.monotonic()

    def start(self, file: Candidate) -> None:
        """This file is being read now."""
        from cutroom.inspection.files import displayed

        self._current = displayed(file.path)

    def add(self, row: Row) -> None:
        """This file is done."""
        self.totals.add(row.report, row.size_bytes)
        self._read += not row.report.kept

    async def tell_often(self) -> None:
        """Report until cancelled."""
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            self._tell()

    def _tell(self) -> None:
        spent = time.monotonic() - self._began
        sums = self.totals.summary(spent)
        self._report(
            {
                "event": "scan",
                "fraction": min(1.0, sums.files / self.total) if self.total else 0.0,
                "files": sums.files,
                "files_total": self.total,
                "bytes": sums.bytes,
                "kept": sums.kept,
                "statuses": sums.statuses,
                "seconds": round(self._scan.spent_seconds + spent, 2),
                "eta_seconds": self._eta(sums.files, spent),
                "current": self._current,
            }
        )

    def _eta(self, files: int, spent: float) -> float | None:
        """Files whose verdict holds take no time, so the speed is that of those which were read."""
        if self.total is None or not self._read or spent < _SOON_SECONDS:
            return None
        return round(max(0, self.total - files) * spent / self._read, 1)
