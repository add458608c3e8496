"""Where the bytes of an asset are that a job works on."""

from __future__ import annotations

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.db.engine import Transaction
from cutroom.jobs.models import Job
from cutroom.library.models import Source
from cutroom.library.service import LibraryService


async def local_source(library: LibraryService, tx: Transaction, job: Job) -> Source | None:
    """A local file with the asset's contents: of the job's own video, or of another that shows it."""
    showing = await library.of_asset(tx.conn, job.payload["asset_id"])
    for video in sorted(showing, key=lambda video: video.id != job.payload["video_id"]):
        if (source := await library.source_of(tx, video)) is not None:
            return source
    return None


def gone() -> CutroomError:
    """The error of work whose asset is still in the library, and whose file is not where it was."""
    message = "The original file is not where it was, or has changed."
    hint = "Put it back, or add the video again."
    return CutroomError("media.not-found", message, hint=hint, kind=ErrorKind.NOT_FOUND)
