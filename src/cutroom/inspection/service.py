"""The inspections' verbs: ask for one, keep its verdict, show the history."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.core.errors import not_found
from cutroom.core.ids import new_id
from cutroom.db.engine import Transaction
from cutroom.events.announce import Announcer
from cutroom.inspection import store as rows
from cutroom.inspection.events import DamageFound
from cutroom.inspection.files import displayed
from cutroom.inspection.models import Mode, Status, Verdict
from cutroom.inspection.rules import RULES_VERSION
from cutroom.jobs.models import CHECK, INSPECT, NewJob
from cutroom.jobs.service import JobService
from cutroom.library.events import VideoInspected
from cutroom.library.models import Summary, Video
from cutroom.library.service import LibraryService

CHECK_KIND = "check"
_NOTHING_TO_CHECK = frozenset({"pending", "not-video", "unreadable"})
_LOOKED_AT = 50  # verdicts of one video


class InspectionService:
    """Verdicts of videos."""

    def __init__(self, *, jobs: JobService, library: LibraryService, announcer: Announcer) -> None:
        self._jobs = jobs
        self._library = library
        self._announcer = announcer

    async def enqueue_for(
        self, tx: Transaction, videos: Sequence[Video], *, mode: str = "quick", priority: int = INSPECT
    ) -> list[str]:
        """Ask for inspections and return their jobs' ids, in the order of `videos`."""
        asked = [
            NewJob(
                kind="inspect",
                payload={"video_id": video.id, "mode": mode},
                subject=video.id,
                title=f"Inspection of {video.name}",
                owner_id=None if video.audience == "*" else video.audience,
                priority=priority,
                idempotency_key=f"inspect:{video.id}:{mode}",
            )
            for video in videos
        ]
        return await self._jobs.enqueue_many(tx, asked)

    async def enqueue_check(self, tx: Transaction, video: Video, mode: Mode) -> str | None:
        """Ask for the closer look that a video gets when there is nothing else to do; None when it had one."""
        if video.verdict in _NOTHING_TO_CHECK or await self.knows(tx.conn, video, mode):
            return None
        return await self._jobs.enqueue(
            tx,
            kind=CHECK_KIND,
            payload={"video_id": video.id, "mode": mode.value},
            subject=video.id,
            title=f"Closer look at {video.name}",
            owner_id=video.page_owner,
            priority=CHECK,
            idempotency_key=f"{CHECK_KIND}:{video.id}",
        )

    async def conclude(
        self,
        tx: Transaction,
        video: Video,
        verdict: Verdict,
        *,
        probe: dict[str, Any] | msgspec.UnsetType | None = msgspec.UNSET,
        message: str | None = None,
        scan_id: str | None = None,
    ) -> None:
        """Keep a verdict and show it, or that of a deeper look at the same bytes; damage that is new is announced.

        `message` is shown instead of the worst finding's; `probe` is what opening the file said, if it was opened.
        """
        before = await rows.newest(tx.conn, video.id, limit=1)
        deeper = await self._judged(tx.conn, video, verdict.mode, deeper=True)
        await self.record(tx, video, verdict)
        status, said = verdict.status.value, message or verdict.message
        if deeper is not None and verdict.status.about_content:
            status, said = deeper["status"], deeper["findings"][0]["message"] if deeper["findings"] else None
        await self._library.set_summary(tx, [video.id], Summary(verdict=status, verdict_message=said, probe=probe))
        judged = await self._library.get(tx.conn, video.id, viewer=None)
        known = before[0] if before and _same_bytes(before[0], video) else None
        news = known is None or known["status"] != verdict.status.value
        await self._announcer.announce(tx, VideoInspected(video=judged, news=news))
        if news and not verdict.status.good:
            await self._announcer.announce(
                tx,
                DamageFound(
                    status=verdict.status.value,
                    name=video.name,
                    path=displayed(Path(self._library.local_path(video))),
                    video_id=video.id,
                    scan_id=scan_id,
                    findings=tuple(verdict.findings),
                ),
            )

    async def knows(self, conn: AsyncConnection, video: Video, mode: Mode) -> bool:
        """Whether the same bytes were judged by today's rules at least this deep."""
        return await self._judged(conn, video, mode) is not None

    async def _judged(
        self, conn: AsyncConnection, video: Video, mode: Mode, *, deeper: bool = False
    ) -> dict[str, Any] | None:
        for row in await rows.newest(conn, video.id, limit=_LOOKED_AT):
            depth = Mode(row["mode"])
            enough = mode in depth.covers and not (deeper and depth is mode)
            judged = Status(row["status"]).about_content and row["rules_version"] == RULES_VERSION
            if enough and judged and _same_bytes(row, video):
                return row
        return None

    async def record(self, tx: Transaction, video: Video, verdict: Verdict) -> None:
        """Keep a verdict in the video's history."""
        values = {
            "id": new_id("ins"),
            "video_id": video.id,
            "mode": verdict.mode.value,
            "status": verdict.status.value,
            "confidence": verdict.confidence,
            "findings": msgspec.to_builtins(verdict.findings),
            "size_bytes": video.size_bytes,
            "mtime_ns": video.mtime_ns,
            "rules_version": verdict.rules_version,
            "seconds_spent": verdict.seconds_spent,
            "created_at": clock.now(),
        }
        await rows.add(tx.conn, values)

    async def history(self, conn: AsyncConnection, video_id: str, *, limit: int = 20) -> list[dict[str, Any]]:
        """The verdicts ever given to a video, newest first: {id, status, mode, confidence, findings, created_at…}."""
        return await rows.newest(conn, video_id, limit=limit)

    async def one(self, conn: AsyncConnection, video_id: str, inspection_id: str) -> dict[str, Any]:
        """One verdict of a video. Raises `inspection.not-found`."""
        row = await rows.one(conn, video_id, inspection_id)
        if row is None:
            raise not_found("inspection", inspection_id)
        return row

    async def findings(self, conn: AsyncConnection, video_id: str) -> list[dict[str, Any]]:
        """The findings of its newest verdict."""
        found = await rows.newest(conn, video_id, limit=1)
        return list(found[0]["findings"]) if found else []


def _same_bytes(row: dict[str, Any], video: Video) -> bool:
    return (row["size_bytes"], row["mtime_ns"]) == (video.size_bytes, video.mtime_ns)
