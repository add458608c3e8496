"""Receive a file as a stream of bytes: to the disk as it comes, checked, then into the library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from cutroom.core.ids import new_id
from cutroom.db.engine import Database
from cutroom.library.models import Visibility
from cutroom.uploads import errors
from cutroom.uploads.handover import Handover
from cutroom.uploads.models import Handed
from cutroom.uploads.quota import Quota
from cutroom.uploads.spool import Spool


class UploadService:
    """Whole uploads in one request; memory stays at about a mebibyte each."""

    def __init__(self, *, database: Database, handover: Handover, quota: Quota, scratch: Path) -> None:
        self._database = database
        self._handover = handover
        self._quota = quota
        self._scratch = scratch

    async def receive(
        self,
        body: AsyncIterator[bytes],
        *,
        name: str,
        owner_id: str | None,
        visibility: Visibility = Visibility.SHARED,
        announced_bytes: int | None = None,
    ) -> Handed:
        """Store `body` and add it to the library under `name`; nothing of it stays when this raises.

        Raises `uploads.too-large`, `uploads.quota`, `uploads.not-video` (the first bytes are no media container's),
        `uploads.empty`, `uploads.incomplete` (the connection ended before `announced_bytes`), `storage.full`.
        """
        most = await self._database.look(lambda conn: self._quota.admit(conn, owner_id, name, announced_bytes))
        video_id = new_id("vid")
        part = self._scratch / "uploads" / f"{video_id}.part"
        try:
            await self._spool(body, part, name, announced_bytes, most)
            handed = await self._handover.hand_over(
                part, video_id=video_id, name=name, owner_id=owner_id, visibility=visibility
            )
            assert handed is not None  # without a claim nobody else can have been faster
            return handed
        except BaseException:
            await self._handover.take_back(video_id, name)
            raise
        finally:
            part.unlink(missing_ok=True)

    async def _spool(
        self, body: AsyncIterator[bytes], part: Path, name: str, announced_bytes: int | None, most: int
    ) -> None:
        async with Spool(part) as spool:
            async for chunk in body:
                await spool.write(chunk)
                if spool.size_bytes > most:
                    raise self._quota.exceeded(name, most)
                if spool.is_no_media:
                    raise errors.not_video(name)
            await spool.finish()
            if spool.size_bytes == 0:
                raise errors.empty(name)
            if spool.is_no_media:
                raise errors.not_video(name)
            if announced_bytes is not None and spool.size_bytes != announced_bytes:
                raise errors.incomplete(name, spool.size_bytes, announced_bytes)
