"""Scans kept in the database: what was found out about which file, so that nothing is done twice.

A scan runs for hours and keeps its rows in batches, each a transaction of its own; `ScanService` therefore opens its
transactions itself.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from cutroom.core import clock
from cutroom.core.ids import new_id
from cutroom.db.engine import Database, Transaction
from cutroom.events.announce import Announcer
from cutroom.inspection import hash_store, store
from cutroom.inspection.batch import Row
from cutroom.inspection.checksum import Baseline
from cutroom.inspection.events import FilesInspected, InspectedFile
from cutroom.inspection.files import Candidate, displayed
from cutroom.inspection.models import FileReport, Finding, Mode, Severity, Status, Summary
from cutroom.inspection.rules import RULES_VERSION
from cutroom.inspection.scan_models import Origin, ScanState, options_of, request_of, row_of
from cutroom.inspection.scan_request import ScanRequest as ScanRequest
from cutroom.media.probe import Probe

_NO_AGE = 0
"""The `mtime_ns` of a file that could not be looked at: equal to no file's own, so that it is looked at again."""


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """A scan that is under way."""

    id: str
    request: ScanRequest
    resumed_at: int | None  # when the scan that is gone on with last kept something, in microseconds; None: a new one
    ignored: frozenset[str] = frozenset()  # unfinished scans whose results do not count
    spent_seconds: float = 0.0  # by earlier attempts
    probes: bool = False  # whether reports of kept results carry the file's probe

    @property
    def looks_again(self) -> bool:
        """Whether only results of this very scan count: a checksum has to be read again to be worth anything."""
        return self.request.rescan or self.request.mode is Mode.FULL


class ScanService:
    """The writing side: begin, keep, end; and which verdicts still hold."""

    def __init__(self, database: Database, announcer: Announcer | None = None) -> None:
        """`announcer` is told of every batch that is kept, inside its transaction."""
        self.database = database
        self._announcer = announcer or Announcer()

    async def take(self, scan_id: str) -> Scan | None:
        """A scan that a job works on; None when it is over, or has gone."""
        async with self.database.read() as conn:
            values = await store.scan(conn, scan_id)
        row = row_of(values) if values else None
        request = request_of(row) if row else None
        if row is None or request is None or not row.under_way:
            return None
        return Scan(id=row.id, request=request, resumed_at=row.updated_at, spent_seconds=row.seconds)

    async def begin(self, request: ScanRequest, *, resume: bool = True, probes: bool = False) -> Scan:
        """Go on with the newest unfinished scan of the same request, or begin one.

        `probes`: reports of kept results carry what the file declares, which only machine formats write.
        A scan that is still running elsewhere is taken for a killed one: both then keep their results in it.
        """
        async with self.database.transaction() as tx:
            left = await store.open_scans(tx.conn, request.digest)
            if left and resume:
                await store.set_scans(tx.conn, [left[0]["id"]], {"state": "running"})
                return Scan(id=left[0]["id"], request=request, resumed_at=left[0]["updated_at"], probes=probes)
            ignored = frozenset(row["id"] for row in left)
            if ignored:
                await store.set_scans(tx.conn, list(ignored), {"state": "abandoned"})
            scan = Scan(id=new_id("scn"), request=request, resumed_at=None, ignored=ignored, probes=probes)
            await store.add_scan(tx.conn, scan_values(scan))
            return scan

    async def kept(self, scan: Scan, files: Sequence[Candidate]) -> dict[Path, Row]:
        """The rows of those files whose verdict still holds, by path."""
        by_path = {os.fsencode(file.path): file for file in files if file.mtime_ns is not None}
        if not by_path:
            return {}
        async with self.database.read() as conn:
            rows = await store.results_of(conn, list(by_path), rules_version=RULES_VERSION, probes=scan.probes)
        best: dict[bytes, tuple[int, dict[str, Any]]] = {}
        for row in rows:
            path = bytes(row["path"])
            if not _holds(row, by_path[path], scan):
                continue
            depth = len(Mode(row["mode"]).covers)
            if path not in best or depth >= best[path][0]:  # the deepest look, and of those the newest
                best[path] = (depth, row)
        return {
            by_path[path].path: Row(report_of(row, kept=True), row["size_bytes"], by_path[path], row["id"])
            for path, (_, row) in best.items()
        }

    async def baselines(self, files: Sequence[Candidate]) -> dict[Path, Baseline]:
        """The newest checksums that were taken of these files while they were sound."""
        by_path = {os.fsencode(file.path): file.path for file in files}
        async with self.database.read() as conn:
            rows = await store.baselines_of(conn, list(by_path))
        return {
            by_path[bytes(row["path"])]: Baseline(
                content_hash=row["content_hash"],
                size_bytes=row["size_bytes"],
                mtime_ns=row["mtime_ns"],
                taken_at=row["created_at"],
                current=row["rules_version"] == RULES_VERSION,
                status=Status(row["status"]),
                findings=msgspec.convert(row["findings"], list[Finding]),
                duration_seconds=row["duration_seconds"],
            )
            for row in rows
        }

    async def keep(self, scan: Scan, rows: Sequence[Row]) -> None:
        """Write a batch: new verdicts, and which files an earlier verdict holds for."""
        now = clock.now()
        fresh = [row for row in rows if row.result_id is None]
        async with self.database.transaction() as tx:
            ids = {row.file.path: row.result_id for row in rows}
            ids |= await self._add_results(tx, scan, fresh, now)
            await store.add_files(tx.conn, [_file_values(scan, row, ids[row.file.path]) for row in rows])
            await store.set_scans(tx.conn, [scan.id], {"updated_at": now})
            inspected = tuple(
                InspectedFile(file=row.file, report=row.report, result_id=ids[row.file.path] or 0) for row in rows
            )
            await self._announcer.announce(tx, FilesInspected(scan_id=scan.id, files=inspected))

    async def _add_results(self, tx: Transaction, scan: Scan, rows: Sequence[Row], now: int) -> dict[Path, int | None]:
        if not rows:
            return {}
        ageless = [os.fsencode(row.file.path) for row in rows if row.file.mtime_ns is None]
        if ageless:  # those of an attempt that was cut short were looked at again
            await store.drop_ageless(tx.conn, scan.id, ageless, _NO_AGE)
        values = [_result_values(scan, row, now) for row in rows]
        ids = await store.add_results(tx.conn, values)
        hashed = [one for one in values if one["content_hash"] is not None]
        await hash_store.put(tx.conn, hashed, now)
        return {row.file.path: result_id for row, result_id in zip(rows, ids, strict=True)}

    async def end(self, scan: Scan, summary: Summary, *, whole: bool) -> None:
        """Write the totals; a scan that is not whole stays open, to be gone on with."""
        values = {
            "state": "done" if whole else "stopped",
            "files": summary.files,
            "bytes": summary.bytes,
            "kept": summary.kept,
            "statuses": summary.statuses,
            "seconds": scan.spent_seconds + summary.seconds,
            "current": None,
            "eta_seconds": None,
            "updated_at": clock.now(),
        }
        if whole:
            values["files_total"] = summary.files
        async with self.database.transaction() as tx:
            await store.set_scans(tx.conn, [scan.id], values)


def report_of(row: dict[str, Any], *, kept: bool) -> FileReport:
    """A kept result as a row of a report."""
    return FileReport(
        path=displayed(Path(os.fsdecode(bytes(row["path"])))),
        status=Status(row["status"]),
        mode=Mode(row["mode"]),
        confidence=row["confidence"],
        severity=Severity(row["severity"]) if row["severity"] else None,
        duration_seconds=row["duration_seconds"],
        seconds_spent=row["seconds_spent"],
        findings=msgspec.convert(row["findings"], list[Finding]) if row["findings"] else [],
        size_bytes=row["size_bytes"],
        content_hash=row["content_hash"],
        kept=kept,
        probe=_probe(row.get("probe")),
    )


def _probe(kept: str | None) -> Probe | None:
    """A probe that an earlier version may have written; None where it said less than today's."""
    try:
        return msgspec.json.decode(kept, type=Probe) if kept is not None else None
    except msgspec.ValidationError:
        return None


def _holds(row: dict[str, Any], file: Candidate, scan: Scan) -> bool:
    """Whether a result still says what looking again would."""
    if (row["size_bytes"], row["mtime_ns"]) != (file.size_bytes, file.mtime_ns):
        return False
    if scan.request.mode not in Mode(row["mode"]).covers or row["scan_id"] in scan.ignored:
        return False
    if row["scan_id"] == scan.id:
        return True
    return not scan.looks_again and Status(row["status"]).about_content


def scan_values(scan: Scan) -> dict[str, Any]:
    """The row of a scan that begins."""
    now = clock.now()
    return {
        "id": scan.id,
        "request": scan.request.digest,
        "roots": [displayed(root) for root in scan.request.roots],
        "mode": scan.request.mode.value,
        "state": ScanState.RUNNING.value,
        "rules_version": RULES_VERSION,
        "files": 0,
        "bytes": 0,
        "kept": 0,
        "statuses": {},
        "seconds": 0.0,
        "started_at": now,
        "updated_at": now,
        "origin": Origin.COMMAND_LINE.value,
        "library": int(scan.request.library),
        "options": options_of(scan.request),
    }


def _file_values(scan: Scan, row: Row, result_id: int | None) -> dict[str, Any]:
    return {
        "scan_id": scan.id,
        "result_id": result_id,
        "kept": int(row.result_id is not None),
        "rank": row.report.status.rank,
        "path": row.report.path,
    }


def _result_values(scan: Scan, row: Row, now: int) -> dict[str, Any]:
    report = row.report
    return {
        "scan_id": scan.id,
        "path": os.fsencode(row.file.path),
        "size_bytes": row.file.size_bytes,
        "mtime_ns": _NO_AGE if row.file.mtime_ns is None else row.file.mtime_ns,
        "mode": report.mode.value,
        "rules_version": RULES_VERSION,
        "status": report.status.value,
        "confidence": report.confidence,
        "severity": report.severity and report.severity.value,
        "duration_seconds": report.duration_seconds,
        "seconds_spent": report.seconds_spent,
        "findings": msgspec.to_builtins(report.findings),
        "content_hash": report.content_hash,
        "probe": msgspec.json.encode(report.probe).decode() if report.probe is not None else None,
        "created_at": now,
    }
