"""The inspections' verbs: ask for one, keep its verdict, show the history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.core.ids import new_id
from cutroom.db.engine import Transaction
from cutroom.inspection import store as rows
from cutroom.inspection.models import Verdict
from cutroom.jobs.models import INSPECT, NewJob
from cutroom.jobs.service import JobService
from cutroom.library.models import Video


class InspectionService:
    """Verdicts of videos."""

    def __init__(self, *, jobs: JobService) -> None:
        self._jobs = jobs

    async def enqueue_for(self, tx: Transaction, videos: Sequence[Video], *, mode: str = "quick") -> list[str]:
        """Ask for inspections and return their jobs' ids, in the order of `videos`."""
        asked = [
            NewJob(
                kind="inspect",
                payload={"video_id": video.id, "mode": mode},
                subject=video.id,
                title=f"Inspection of {video.name}",
                owner_id=None if video.audience == "*" else video.audience,
                priority=INSPECT,
                idempotency_key=f"inspect:{video.id}:{mode}",
            )
            for video in videos
        ]
        return await self._jobs.enqueue_many(tx, asked)

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

    async def findings(self, conn: AsyncConnection, video_id: str) -> list[dict[str, Any]]:
        """The findings of its newest verdict."""
        found = await rows.newest(conn, video_id, limit=1)
        return list(found[0]["findings"]) if found else []
