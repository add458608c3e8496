"""From a whole file in the spool to a video in the library: once, and with word of what is there already."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from cutroom.db.engine import Database, Transaction
from cutroom.library.models import Video, Visibility
from cutroom.library.naming import object_name
from cutroom.library.service import LibraryService
from cutroom.library.work import hash_bytes
from cutroom.storage.port import ObjectStore
from cutroom.uploads.models import Handed

_MOST_HASHED_BYTES = 16 << 30
"""Larger files are compared by their hash job, which nobody waits for."""

Claim = Callable[[Transaction], Awaitable[bool]]


class Handover:
    """Shared by all ways in."""

    def __init__(self, *, database: Database, library: LibraryService, store: ObjectStore) -> None:
        self._database = database
        self._library = library
        self._store = store

    async def hand_over(
        self,
        path: Path,
        *,
        video_id: str,
        name: str,
        owner_id: str | None,
        visibility: Visibility,
        claim: Claim | None = None,
        on_handed: Callable[[Transaction, Handed], Awaitable[None]] | None = None,
    ) -> Handed | None:
        """Publish the file at `path`, which may be in its place already after a crash, and add it to the library.

        `claim` runs first in the same transaction; when it answers False somebody else has handed it over, and
        nothing happens. The file is read only when an asset of the very same size is known.
        """
        key = f"originals/{video_id}/{object_name(name)}"
        content_hash = await self._compare(path)
        await asyncio.to_thread(self._publish, key, path)
        async with self._database.transaction(durable=True) as tx:
            if claim is not None and not await claim(tx):
                return None
            added = await self._library.add_stored(
                tx, video_id=video_id, key=key, name=name, owner_id=owner_id, visibility=visibility
            )
            handed = await self._known(tx, added, content_hash)
            if on_handed is not None:
                await on_handed(tx, handed)
        return handed

    async def publish(self, path: Path, *, video_id: str, name: str) -> None:
        """The first half for a job: the file goes where it belongs, which may take long and holds no transaction."""
        await asyncio.to_thread(self._publish, f"originals/{video_id}/{object_name(name)}", path)

    async def add_published(
        self, tx: Transaction, *, video_id: str, name: str, owner_id: str | None, visibility: Visibility
    ) -> Video:
        """The second half, in the job's finishing transaction, where nobody waits for word of duplicates."""
        key = f"originals/{video_id}/{object_name(name)}"
        return await self._library.add_stored(
            tx, video_id=video_id, key=key, name=name, owner_id=owner_id, visibility=visibility
        )

    async def published_bytes(self, video_id: str, name: str) -> int | None:
        """The size of what was published already, before a crash; None when nothing was."""
        stat = await asyncio.to_thread(self._store.stat, f"originals/{video_id}/{object_name(name)}")
        return None if stat is None else stat.size_bytes

    async def take_back(self, video_id: str, name: str) -> None:
        """Remove what was published of a file that could not be added."""
        await asyncio.to_thread(self._store.delete, f"originals/{video_id}/{object_name(name)}")

    def _publish(self, key: str, path: Path) -> None:
        if path.exists():
            self._store.adopt(key, path)

    async def _compare(self, path: Path) -> str | None:
        """The content hash, where some asset has the same size and a hash to compare it with."""
        try:
            size = (await asyncio.to_thread(path.stat)).st_size
        except FileNotFoundError:
            return None  # published before a crash; its hash job compares it
        if size > _MOST_HASHED_BYTES or not await self._database.look(
            lambda conn: self._library.has_hashed_of_size(conn, size)
        ):
            return None
        return await asyncio.to_thread(hash_bytes, path)

    async def _known(self, tx: Transaction, video: Video, content_hash: str | None) -> Handed:
        if content_hash is not None:
            await self._library.hashing.set_hash(tx, video, content_hash)
        video = await self._library.get(tx.conn, video.id, viewer=None)
        others = [one.id for one in await self._library.of_asset(tx.conn, video.asset_id) if one.id != video.id]
        return Handed(video=video, duplicate_of=tuple(others[:20]))
