"""The library's job: the content hash."""

from __future__ import annotations

from typing import Any

from cutroom.core.errors import CutroomError
from cutroom.db.engine import Transaction
from cutroom.jobs.models import Job, JobKind
from cutroom.library import hashing
from cutroom.library.models import Video
from cutroom.library.service import LibraryService

_SECONDS = 120.0
_BYTES_A_SECOND = 2 << 20  # a slow share on a bad day


def kinds(library: LibraryService, *, max_attempts: int) -> list[JobKind]:
    """The job kinds of this domain."""

    async def prepare(tx: Transaction, job: Job) -> dict[str, Any] | None:
        video = await _video(library, tx, job)
        if video is None or await library.hashing.is_hashed(tx, video.asset_id):
            return None
        source = await library.source_of(tx, video)
        if source is None:
            return None
        return {
            "path": source.for_child(job.folder),
            "size_bytes": source.size_bytes,
            "mtime_ns": source.mtime_ns,
        }

    async def publish(tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any] | None:
        video = await _video(library, tx, job)
        if video is not None:
            await library.hashing.set_hash(tx, video, result["content_hash"])
        return {"content_hash": result["content_hash"]}

    return [
        JobKind(
            name=hashing.KIND,
            queue="io",
            target="cutroom.library.work:hash_file",
            prepare=prepare,
            publish=publish,
            max_attempts=max_attempts,
            reads=lambda arguments: [arguments["path"]],
            deadline_seconds=lambda job: _SECONDS + job.payload.get("size_bytes", 1 << 40) / _BYTES_A_SECOND,
        )
    ]


async def _video(library: LibraryService, tx: Transaction, job: Job) -> Video | None:
    """The job's video, unless it has gone or its file has become another since."""
    try:
        video = await library.get(tx.conn, job.payload["video_id"], viewer=None)
    except CutroomError:
        return None
    return video if video.asset_id == job.payload["asset_id"] else None
