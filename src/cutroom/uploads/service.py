"""Receive a file as a stream of bytes: to the disk as it comes, checked, then into the library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.core.ids import new_id
from cutroom.db.engine import Database
from cutroom.library.models import Video, Visibility
from cutroom.library.naming import object_name
from cutroom.library.service import LibraryService
from cutroom.storage.port import ObjectStore
from cutroom.uploads.spool import Spool


class UploadService:
    """Whole uploads in one request; memory stays at about a mebibyte each."""

    def __init__(
        self, *, database: Database, library: LibraryService, store: ObjectStore, scratch: Path, max_bytes: int
    ) -> None:
        self._database = database
        self._library = library
        self._store = store
        self._scratch = scratch
        self._max_bytes = max_bytes

    async def receive(
        self,
        body: AsyncIterator[bytes],
        *,
        name: str,
        owner_id: str | None,
        visibility: Visibility = Visibility.SHARED,
        announced_bytes: int | None = None,
    ) -> Video:
        """Store `body` and add it to the library under `name`; nothing of it stays when this raises.

        Raises `uploads.too-large`, `uploads.not-video` (the first bytes are no media container's),
        `uploads.empty`, `uploads.incomplete` (the connection ended before `announced_bytes`), `storage.full`.
        """
        if announced_bytes is not None and announced_bytes > self._max_bytes:
            raise self._too_large(name)
        video_id = new_id("vid")
        key = f"originals/{video_id}/{object_name(name)}"
        part = self._scratch / "uploads" / f"{video_id}.part"
        try:
            await self._spool(body, part, name, announced_bytes)
            await asyncio.to_thread(self._store.adopt, key, part)
            async with self._database.transaction(durable=True) as tx:
                await self._library.add_stored(
                    tx, video_id=video_id, key=key, name=name, owner_id=owner_id, visibility=visibility
                )
                return await self._library.get(tx.conn, video_id, viewer=None)
        except BaseException:
            self._store.delete(key)
            raise
        finally:
            part.unlink(missing_ok=True)

    async def _spool(self, body: AsyncIterator[bytes], part: Path, name: str, announced_bytes: int | None) -> None:
        async with Spool(part) as spool:
            async for chunk in body:
                await spool.write(chunk)
                if spool.size_bytes > self._max_bytes:
                    raise self._too_large(name)
                if spool.is_no_media:
                    raise _not_video(name)
            await spool.finish()
            if spool.size_bytes == 0:
                raise CutroomError("uploads.empty", f"{name!r} is empty (0 bytes).")
            if spool.is_no_media:
                raise _not_video(name)
            if announced_bytes is not None and spool.size_bytes != announced_bytes:
                raise CutroomError(
                    "uploads.incomplete",
                    f"{name!r} ended after {spool.size_bytes} of {announced_bytes} bytes.",
                    hint="Send it again.",
                )

    def _too_large(self, name: str) -> CutroomError:
        return CutroomError(
            "uploads.too-large",
            f"{name!r} is larger than the {self._max_bytes / (1 << 30):g} GiB that this server takes.",
            hint="Raise CUTROOM_UPLOADS_MAX_GIB, or put the file on the server's disk and add it there.",
            kind=ErrorKind.TOO_LARGE,
        )


def _not_video(name: str) -> CutroomError:
    return CutroomError(
        "uploads.not-video",
        f"{name!r} does not begin like a video file.",
        hint="Send the media file itself, not a text or an archive.",
        kind=ErrorKind.UNSUPPORTED,
    )
