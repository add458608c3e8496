"""Content hashes: who is asked for one, and what becomes of videos that turn out to hold the same bytes."""

from __future__ import annotations

import msgspec
from sqlalchemy.exc import IntegrityError

from cutroom.db.engine import Transaction
from cutroom.events.announce import Announcer
from cutroom.jobs.models import HASH
from cutroom.jobs.service import JobService
from cutroom.library import notes, store
from cutroom.library.events import VideoHashed
from cutroom.library.intake import Intake
from cutroom.library.models import Video

KIND = "hash"
_NOT_WORTH_READING = frozenset({"not-video", "unreadable"})


class Hashing:
    """The hashing half of the library."""

    def __init__(self, *, jobs: JobService, announcer: Announcer, intake: Intake) -> None:
        self._jobs = jobs
        self._announcer = announcer
        self._intake = intake

    async def enqueue_for(self, tx: Transaction, video: Video) -> None:
        """Queue the hash of a file that could be opened and whose contents nobody has read yet."""
        if video.size_bytes == 0 or video.verdict in _NOT_WORTH_READING:
            return
        if await store.hash_of_asset(tx.conn, video.asset_id):
            return
        await self._jobs.enqueue(
            tx,
            kind=KIND,
            payload={"video_id": video.id, "asset_id": video.asset_id, "size_bytes": video.size_bytes},
            subject=video.id,
            title=f"Content hash of {video.name}",
            owner_id=video.page_owner,
            priority=HASH,
            idempotency_key=f"{KIND}:{video.asset_id}",
        )

    async def is_hashed(self, tx: Transaction, asset_id: str) -> bool:
        """Whether the asset's contents have been read."""
        return await store.hash_of_asset(tx.conn, asset_id) is not None

    async def set_hash(self, tx: Transaction, video: Video, content_hash: str) -> None:
        """Say what the video's file holds. When another asset holds the same, the video moves over to that one."""
        other = await store.asset_of_hash(tx.conn, content_hash)
        if other is None:
            try:
                async with tx.conn.begin_nested():
                    await store.set_hash(tx.conn, video.asset_id, content_hash)
            except IntegrityError:
                # On PostgreSQL a twin may have been faster by a moment.
                other = await store.asset_of_hash(tx.conn, content_hash)
        left = None
        if other is not None and other != video.asset_id:
            left, video = video.asset_id, msgspec.structs.replace(video, asset_id=other)
            await store.set_columns(tx.conn, [video.id], {"asset_id": other})
            await self._intake.drop_unless_shown(tx, left)
            await notes.tell_changed(tx, [video])
        await self._announcer.announce(tx, VideoHashed(video=video, content_hash=content_hash, left_asset_id=left))
