"""Scans that the server runs: start, cancel, resume, delete, and the job that does the work."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.core.cursors import from_cursor, to_cursor
from cutroom.core.errors import CutroomError, ErrorDocument, ErrorKind, not_found
from cutroom.core.ids import new_id
from cutroom.db.engine import Transaction
from cutroom.events import service as events
from cutroom.events.announce import Announcer
from cutroom.events.models import ADMINISTRATORS
from cutroom.inspection import scan_store, store
from cutroom.inspection.events import ScanFinished
from cutroom.inspection.scan_models import TOPIC, Origin, ScanRow, ScanRowPage, ScanState, request_of, row_of
from cutroom.inspection.scan_request import ScanRequest
from cutroom.inspection.scans import Scan, scan_values
from cutroom.inspection.vocabulary import Mode
from cutroom.jobs.models import SCAN, Job, JobKind
from cutroom.jobs.service import JobService

KIND = "scan"
MAX_PAGE = 500
MAX_ATTEMPTS = 10
"""More than other jobs have: a scan takes hours, and each attempt goes on where the one before was cut short."""

_SILENT_SECONDS = 60
_PROGRESS = ("files", "files_total", "bytes", "kept", "statuses", "seconds", "eta_seconds", "current")


class ScanJobs:
    """Who calls: the pages and the schedules. Every change is told as `scan.changed`, to administrators."""

    def __init__(self, *, jobs: JobService, announcer: Announcer) -> None:
        self._jobs = jobs
        self._announcer = announcer

    def request_of(
        self,
        roots: Sequence[str],
        mode: Mode,
        *,
        recursive: bool = True,
        extensions: Sequence[str] = (),
        rescan: bool = False,
        max_seconds_per_file: float | None = None,
        library: bool = False,
    ) -> ScanRequest:
        """What is asked, checked. Raises `scan.path-relative` and `scan.root-missing`."""
        return ScanRequest(
            roots=tuple(_checked_root(root) for root in roots),
            mode=mode,
            recursive=recursive,
            extensions=tuple(sorted({name.strip().lstrip(".").lower() for name in extensions} - {""})),
            rescan=rescan,
            max_seconds_per_file=max_seconds_per_file,
            library=library,
        )

    async def start(
        self, tx: Transaction, request: ScanRequest, *, origin: Origin, schedule_id: str | None = None
    ) -> ScanRow:
        """Queue a scan. Raises `scan.already-running` while the same one is under way."""
        other = await self.running(tx.conn, request)
        if other is not None:
            raise CutroomError(
                "scan.already-running",
                f"The same scan is under way already: {other.id}.",
                hint="Wait for it, or cancel it first.",
                kind=ErrorKind.CONFLICT,
            )
        scan = Scan(id=new_id("scn"), request=request, resumed_at=None)
        values = {**scan_values(scan), "state": ScanState.QUEUED.value, "origin": origin.value}
        await store.add_scan(tx.conn, {**values, "schedule_id": schedule_id})
        return await self._enqueue(tx, scan.id)

    async def running(self, conn: AsyncConnection, request: ScanRequest) -> ScanRow | None:
        """The server's scan of the same request that is under way."""
        values = await scan_store.running(conn, request.digest)
        return None if values is None else row_of(values)

    async def get(self, conn: AsyncConnection, scan_id: str) -> ScanRow:
        """One scan. Raises `scan.not-found`."""
        values = await store.scan(conn, scan_id)
        if values is None:
            raise not_found("scan", scan_id)
        return row_of(values)

    async def list(
        self, conn: AsyncConnection, *, state: ScanState | None = None, limit: int = 50, after: str | None = None
    ) -> ScanRowPage:
        """Scans, newest first. Raises `library.bad-cursor`."""
        limit = max(1, min(limit, MAX_PAGE))
        asked = ("scans", state)
        begin = None if after is None else from_cursor(after, tuple[int, str], of=asked, code="library.bad-cursor")
        rows = await scan_store.page(conn, state=state.value if state else None, after=begin, limit=limit + 1)
        items = [row_of(row) for row in rows[:limit]]
        more = len(rows) > limit
        return ScanRowPage(
            items=items, next=to_cursor((items[-1].started_at, items[-1].id), of=asked) if more else None
        )

    async def cancel(self, tx: Transaction, scan_id: str) -> ScanRow:
        """End it now, or within a second when it is being worked on. Raises `scan.not-ours`."""
        scan = await self.get(tx.conn, scan_id)
        if not scan.under_way:
            return scan
        if scan.job_id is None:
            raise _not_ours(scan)
        job = await self._jobs.cancel(tx, scan.job_id)
        if job.state.over:  # it was not being worked on
            return await self._change(tx, scan_id, {"state": ScanState.STOPPED.value})
        return scan

    async def resume(self, tx: Transaction, scan_id: str) -> ScanRow:
        """Go on with a stopped scan. Raises `scan.not-resumable`, `scan.ending` and `scan.already-running`."""
        scan = await self.get(tx.conn, scan_id)
        request = request_of(scan)
        if request is None or not (scan.state is ScanState.STOPPED or _left_behind(scan)):
            raise CutroomError(
                "scan.not-resumable",
                f"The scan is {scan.state.value}; only a stopped one can be gone on with.",
                kind=ErrorKind.CONFLICT,
            )
        other = await self.running(tx.conn, request)
        if other is not None:
            message = f"The same scan is under way already: {other.id}."
            raise CutroomError("scan.already-running", message, kind=ErrorKind.CONFLICT)
        return await self._enqueue(tx, scan_id)

    async def delete(self, tx: Transaction, scan_id: str) -> ScanRow:
        """Forget it; verdicts that other scans have reported again stay with those."""
        scan = await self.get(tx.conn, scan_id)
        if scan.job_id is not None and scan.under_way:
            await self._jobs.cancel(tx, scan.job_id)
        await scan_store.delete_scan(tx.conn, scan_id)
        await events.append(tx, TOPIC, scan_id, ADMINISTRATORS, {"id": scan_id, "deleted": True})
        return scan

    # The job

    def kinds(self, *, target: str, arguments: Callable[[], dict[str, Any]]) -> builtins.list[JobKind]:
        """The kind `scan`: `target` runs in a child with `scan_id` and these arguments, and reports `_PROGRESS`."""

        async def prepare(tx: Transaction, job: Job) -> dict[str, Any] | None:
            values = await store.scan(tx.conn, job.payload["scan_id"])
            if values is None or not row_of(values).under_way:
                return None
            await self._change(tx, values["id"], {"state": ScanState.RUNNING.value, "error": None})
            return {"scan_id": values["id"], **arguments()}

        async def progress(tx: Transaction, job: Job, event: dict[str, Any]) -> None:
            if await store.scan(tx.conn, job.payload["scan_id"]) is not None:
                await self._change(tx, job.payload["scan_id"], {name: event[name] for name in _PROGRESS})

        async def publish(tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any] | None:
            return await self._finish(tx, job.payload["scan_id"])

        async def failed(tx: Transaction, job: Job, error: ErrorDocument) -> None:
            await self._stop(tx, job, error)

        return [
            JobKind(
                name=KIND,
                queue=KIND,
                target=target,
                prepare=prepare,
                publish=publish,
                progress=progress,
                failed=failed,
                max_attempts=MAX_ATTEMPTS,
            )
        ]

    async def _enqueue(self, tx: Transaction, scan_id: str) -> ScanRow:
        scan = await self.get(tx.conn, scan_id)
        what = "the library" if scan.library else ", ".join(Path(root).name or root for root in scan.roots)
        job_id = await self._jobs.enqueue(
            tx,
            kind=KIND,
            payload={"scan_id": scan_id},
            subject=scan_id,
            title=f"Inspection of {what}",
            owner_id=ADMINISTRATORS,  # what is on the server's disk concerns nobody else
            priority=SCAN,
            idempotency_key=f"scan:{scan_id}",
        )
        if (await self._jobs.get(tx.conn, job_id)).cancel_requested:
            message = "The scan is still being stopped."
            raise CutroomError("scan.ending", message, hint="Try again in a second.", kind=ErrorKind.CONFLICT)
        return await self._change(tx, scan_id, {"state": ScanState.QUEUED.value, "job_id": job_id, "error": None})

    async def _finish(self, tx: Transaction, scan_id: str) -> dict[str, Any] | None:
        if await store.scan(tx.conn, scan_id) is None:
            return None
        scan = await self._change(tx, scan_id, {"state": ScanState.DONE.value, "current": None, "eta_seconds": None})
        await self._announcer.announce(tx, ScanFinished(scan=scan))
        return {"files": scan.files, "statuses": scan.statuses}

    async def _stop(self, tx: Transaction, job: Job, error: ErrorDocument) -> None:
        values = await store.scan(tx.conn, job.payload["scan_id"])
        if values is None or values["job_id"] != job.id:
            return
        said = None if error.code == "job.cancelled" else msgspec.to_builtins(error)
        stopped = {"state": ScanState.STOPPED.value, "error": said, "current": None, "eta_seconds": None}
        await self._change(tx, values["id"], stopped)

    async def _change(self, tx: Transaction, scan_id: str, values: dict[str, Any]) -> ScanRow:
        await store.set_scans(tx.conn, [scan_id], {**values, "updated_at": clock.now()})
        scan = await self.get(tx.conn, scan_id)
        await events.append(tx, TOPIC, scan_id, ADMINISTRATORS, scan.document())
        return scan


def _checked_root(text: str) -> Path:
    root = Path(text)
    if not root.is_absolute():
        raise CutroomError(
            "scan.path-relative",
            f"{text!r} is not an absolute path.",
            hint="Name files and folders of the server's disk from the root.",
            kind=ErrorKind.UNPROCESSABLE,
        )
    try:
        there = os.path.lexists(root)
    except OSError:
        there = False
    if not there:
        raise CutroomError(
            "scan.root-missing",
            f"There is no file or folder {text!r} on the server.",
            hint="Check the path; it is the server's disk that is looked at, not yours.",
            kind=ErrorKind.UNPROCESSABLE,
        )
    return root


def _left_behind(scan: ScanRow) -> bool:
    """Whether the command line was running it and has been silent for so long that it must have been killed."""
    silent = clock.now() - scan.updated_at > _SILENT_SECONDS * clock.SECOND
    return scan.state is ScanState.RUNNING and scan.job_id is None and silent


def _not_ours(scan: ScanRow) -> CutroomError:
    return CutroomError(
        "scan.not-ours",
        "The command line runs this scan.",
        hint="Stop it there with Ctrl-C; the same command then goes on with it.",
        kind=ErrorKind.CONFLICT,
    )
