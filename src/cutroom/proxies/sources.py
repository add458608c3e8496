"""Where the bytes of an asset are that a job works on."""

from __future__ import annotations

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
