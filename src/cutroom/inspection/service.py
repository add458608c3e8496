"""The inspections' verbs: ask for one, keep its verdict, show the history."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.db.engine import Transaction
from cutroom.jobs.service import JobService
from cutroom.library.models import Video
from cutroom.library.service import LibraryService


class InspectionService:
    """Verdicts of videos."""

    def __init__(self, *, library: LibraryService, jobs: JobService) -> None:
        raise NotImplementedError

    async def enqueue_for(self, tx: Transaction, video: Video, *, mode: str = "quick") -> str:
        """Ask for an inspection and return its job's id."""
        raise NotImplementedError

    async def history(self, conn: AsyncConnection, video_id: str, *, limit: int = 20) -> list[dict[str, Any]]:
        """The verdicts ever given to a video, newest first: {id, status, mode, confidence, findings, created_at…}."""
        raise NotImplementedError

    async def findings(self, conn: AsyncConnection, video_id: str) -> list[dict[str, Any]]:
        """The findings of its newest verdict."""
        raise NotImplementedError
