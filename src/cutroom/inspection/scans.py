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
from xxhash import xxh3_128_hexdigest

from cutroom.core import clock
from cutroom.core.ids import new_id
from cutroom.db.engine import Database
from cutroom.inspection import store
from cutroom.inspection.batch import Row
from cutroom.inspection.checksum import Baseline
from cutroom.inspection.files import Candidate, displayed
from cutroom.inspection.models import FileReport, Finding, Mode, Severity, Status, Summary
from cutroom.inspection.rules import RULES_VERSION
from cutroom.media.probe import Probe

_ABOUT_CONTENT = frozenset({Status.HEALTHY, Status.NOTE, Status.SUSPECT, Status.CORRUPT, Status.NOT_VIDEO})
"""Statuses that hold as long as the bytes do; the others are about that moment, and the file is looked at again."""


class ScanRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is asked to do. Two equal requests are one scan until it has come to its end."""

    roots: tuple[Path, ...]  # absolute
    mode: Mode
    recursive: bool = True
    extensions: tuple[str, ...] = ()  # sorted; empty for the usual ones
    rescan: bool = False  # look at unchanged files again
    max_seconds_per_file: float | None = None

    @property
    def digest(self) -> str:
        """The request as a key."""
        parts = [os.fsencode(root) for root in self.roots]
        rest = [self.mode.value, self.recursive, self.extensions, self.rescan, self.max_seconds_per_file, RULES_VERSION]
        return xxh3_128_hexdigest(msgspec.msgpack.encode([parts, rest]))


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """A scan that is under way."""

    id: str
    request: ScanRequest
    resumed_at: int | None  # when the scan that is gone on with last kept something, in microseconds; None: a new one
    ignored: frozenset[str] = frozenset()  # unfinished scans whose results do not count
    probes: bool = False  # whether reports of kept results carry the file's probe

    @property
    def looks_again(self) -> bool:
        """Whether only results of this very scan count: a checksum has to be read again to be worth anything."""
        return self.request.rescan or self.request.mode is Mode.FULL


class ScanService:
    """The writing side: begin, keep, end; and which verdicts still hold."""

    def __init__(self, database: Database) -> None:
        self.database = database

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
            await store.add_scan(tx.conn, _scan_values(scan))
            return scan

    async def kept(self, scan: Scan, files: Sequence[Candidate]) -> dict[Path, FileReport]:
        """The reports of those files whose verdict still holds, by path."""
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
        return {by_path[path].path: report_of(row, kept=True) for path, (_, row) in best.items()}

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
        """Write a batch of new verdicts; files whose age is unknown leave nothing behind."""
        now = clock.now()
        values = [_result_values(scan, row, now) for row in rows if row.file.mtime_ns is not None]
        async with self.database.transaction() as tx:
            if values:
                await store.add_results(tx.conn, values)
            await store.set_scans(tx.conn, [scan.id], {"updated_at": now})

    async def end(self, scan: Scan, summary: Summary, *, whole: bool) -> None:
        """Write the totals; a scan that is not whole stays open, to be gone on with."""
        values = {
            "state": "done" if whole else "stopped",
            "files": summary.files,
            "bytes": summary.bytes,
            "kept": summary.kept,
            "statuses": summary.statuses,
            "seconds": summary.seconds,
            "updated_at": clock.now(),
        }
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
    return not scan.looks_again and row["status"] in _ABOUT_CONTENT


def _scan_values(scan: Scan) -> dict[str, Any]:
    now = clock.now()
    return {
        "id": scan.id,
        "request": scan.request.digest,
        "roots": [displayed(root) for root in scan.request.roots],
        "mode": scan.request.mode.value,
        "state": "running",
        "rules_version": RULES_VERSION,
        "files": 0,
        "bytes": 0,
        "kept": 0,
        "statuses": {},
        "seconds": 0.0,
        "started_at": now,
        "updated_at": now,
    }


def _result_values(scan: Scan, row: Row, now: int) -> dict[str, Any]:
    report = row.report
    return {
        "scan_id": scan.id,
        "path": os.fsencode(row.file.path),
        "size_bytes": row.file.size_bytes,
        "mtime_ns": row.file.mtime_ns,
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
