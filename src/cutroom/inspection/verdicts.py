"""What a scan's verdicts mean beyond the scan: files that are videos of the library, and damage nobody knew of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import msgspec

from cutroom.db.engine import Transaction
from cutroom.events.announce import Announcer
from cutroom.inspection import store
from cutroom.inspection.events import DamageFound, FilesInspected, InspectedFile
from cutroom.inspection.models import FileReport, Verdict
from cutroom.inspection.rules import RULES_VERSION
from cutroom.inspection.service import InspectionService
from cutroom.library.models import Video
from cutroom.library.service import LibraryService


class ScannedVerdicts:
    """Subscribed to `FilesInspected`; runs inside the transaction that keeps the batch."""

    def __init__(self, *, inspection: InspectionService, library: LibraryService, announcer: Announcer) -> None:
        self._inspection = inspection
        self._library = library
        self._announcer = announcer

    async def take(self, tx: Transaction, event: FilesInspected) -> None:
        """Show what was found on the videos whose files these are, and announce damage that is new."""
        by_path = {os.fsencode(one.file.path): one for one in event.files}
        videos = await self._library.at_paths(tx.conn, list(by_path))
        for path, video in videos.items():
            await self._on_video(tx, video, by_path[path], event.scan_id)
        bad = [one for path, one in by_path.items() if path not in videos and not one.report.status.good]
        await self._announce(tx, [one for one in bad if not one.report.kept], event.scan_id)

    async def _on_video(self, tx: Transaction, video: Video, one: InspectedFile, scan_id: str) -> None:
        if (one.file.size_bytes, one.file.mtime_ns) != (video.size_bytes, video.mtime_ns):
            # The file is another one now, or has gone: the library finds that out by its own rules.
            await self._library.source_of(tx, video)
            return
        verdict = _verdict(one.report, video.name)
        if one.report.kept and await self._inspection.knows(tx.conn, video, verdict.mode):
            return
        probe = msgspec.to_builtins(one.report.probe) if one.report.probe is not None else msgspec.UNSET
        await self._inspection.conclude(tx, video, verdict, probe=probe, scan_id=scan_id)

    async def _announce(self, tx: Transaction, files: Sequence[InspectedFile], scan_id: str) -> None:
        if not files:
            return
        ids = [one.result_id for one in files]
        before = await store.results_before(tx.conn, [os.fsencode(one.file.path) for one in files], ids)
        for one in files:
            if _is_news(one, before.get(os.fsencode(one.file.path))):
                await self._announcer.announce(
                    tx,
                    DamageFound(
                        status=one.report.status.value,
                        name=PurePath(one.report.path).name,
                        path=one.report.path,
                        video_id=None,
                        scan_id=scan_id,
                        findings=tuple(one.report.findings),
                    ),
                )


def _is_news(one: InspectedFile, before: dict[str, Any] | None) -> bool:
    if before is None or before["status"] != one.report.status.value:
        return True
    if one.file.mtime_ns is None:
        return False  # still not to be looked at
    return (before["size_bytes"], before["mtime_ns"]) != (one.file.size_bytes, one.file.mtime_ns)


def _verdict(report: FileReport, name: str) -> Verdict:
    """The verdict as everybody may read it who sees the video: where the file is concerns administrators only."""
    findings = [msgspec.structs.replace(one, message=one.message.replace(report.path, name)) for one in report.findings]
    return Verdict(
        status=report.status,
        mode=report.mode,
        confidence=report.confidence,
        severity=report.severity,
        findings=findings,
        duration_seconds=report.duration_seconds,
        seconds_spent=report.seconds_spent,
        rules_version=RULES_VERSION,
    )
