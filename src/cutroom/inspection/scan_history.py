"""What earlier scans found out: a file's history, the trend, statistics, and clearing up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from cutroom.core import clock
from cutroom.db.engine import Database
from cutroom.inspection import store
from cutroom.inspection.models import FileReport
from cutroom.inspection.scans import report_of

DAY = 24 * 3600 * clock.SECOND


class PastResult(msgspec.Struct, frozen=True, kw_only=True):
    """One verdict of a file's history."""

    at: str  # ISO 8601, UTC
    scan_id: str
    mtime_ns: int
    rules_version: int
    report: FileReport


class PastScan(msgspec.Struct, frozen=True, kw_only=True):
    """One scan of the trend."""

    id: str
    started_at: str  # ISO 8601, UTC
    state: str  # running, stopped, done, abandoned
    mode: str
    roots: list[str]
    files: int
    bytes: int
    kept: int
    statuses: dict[str, int]
    seconds: float


_AS_THEY_ARE = [name for name in PastScan.__struct_fields__ if name != "started_at"]


class ScanHistory:
    """The reading side of scans, and their clearing up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_file(self, path: Path, *, limit: int = 50) -> list[PastResult]:
        """What was found out about a file (absolute path), newest first; a verdict reported again is no new one."""
        async with self._database.read() as conn:
            rows = await store.history(conn, os.fsencode(path), limit=limit)
        return [
            PastResult(
                at=clock.iso(row["created_at"]),
                scan_id=row["scan_id"],
                mtime_ns=row["mtime_ns"],
                rules_version=row["rules_version"],
                report=report_of(row, kept=False),
            )
            for row in rows
        ]

    async def trend(self, *, limit: int = 20) -> list[PastScan]:
        """Scans, newest first."""
        async with self._database.read() as conn:
            rows = await store.newest_scans(conn, limit=limit)
        return [
            PastScan(started_at=clock.iso(row["started_at"]), **{name: row[name] for name in _AS_THEY_ARE})
            for row in rows
        ]

    async def statistics(self) -> dict[str, Any]:
        """`{results, files, statuses}`: rows kept, files known, and how many have which status now."""
        async with self._database.read() as conn:
            statuses = await store.statuses_now(conn)
            results = await store.count_results(conn)
        return {"results": results, "files": sum(statuses.values()), "statuses": dict(sorted(statuses.items()))}

    async def clean_up(self, *, keep: int, older_than_days: float | None = None) -> dict[str, int]:
        """Delete old results, but never the `keep` newest of a file nor a file's newest checksum; how many of what."""
        now = clock.now()
        before = None if older_than_days is None else now - int(older_than_days * DAY)
        async with self._database.transaction() as tx:
            results = await store.drop_older_results(tx.conn, keep=keep, before=before)
            scans = 0 if before is None else await store.drop_empty_scans(tx.conn, before=before)
        return {"results": results, "scans": scans}
