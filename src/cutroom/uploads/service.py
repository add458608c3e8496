"""Receive a file as a stream of bytes: to the disk as it comes, checked, then into the library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from cutroom.db.engine import Database
from cutroom.library.models import Video, Visibility
from cutroom.library.service import LibraryService
from cutroom.storage.port import ObjectStore


class UploadService:
    """Whole uploads in one request; memory stays at about a mebibyte each."""

    def __init__(
        self, *, database: Database, library: LibraryService, store: ObjectStore, scratch: Path, max_bytes: int
    ) -> None:
        raise NotImplementedError

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
        raise NotImplementedError
