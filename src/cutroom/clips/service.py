"""The clips' verbs: ask for one, find it, delete it."""

from __future__ import annotations

from fractions import Fraction

from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts.models import Principal
from cutroom.clips.models import Clip, ClipPage, CutMode
from cutroom.db.engine import Transaction
from cutroom.jobs.service import JobService
from cutroom.library.models import Video
from cutroom.library.service import LibraryService
from cutroom.storage.port import ObjectStore


class ClipService:
    """Sub-ranges of videos, cut from the originals by jobs."""

    def __init__(self, *, library: LibraryService, jobs: JobService, store: ObjectStore) -> None:
        raise NotImplementedError

    async def create(
        self,
        tx: Transaction,
        video: Video,
        *,
        in_frame: int,
        out_frame: int,
        mode: CutMode = CutMode.SMART,
        padding: Fraction = Fraction(0),
        name: str | None = None,
        owner_id: str | None,
    ) -> Clip:
        """A clip of frames `in_frame` up to `out_frame`, and its job. `video` comes from `library.get`.

        Raises `clips.bad-range` (with the frames there are, where known), `clips.bad-padding`, `clips.no-video`.
        """
        raise NotImplementedError

    async def list(
        self,
        conn: AsyncConnection,
        *,
        viewer: Principal | None,
        video_id: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> ClipPage:
        """Clips of the videos that `viewer` may see (None: all), newest first. Raises `clips.bad-cursor`."""
        raise NotImplementedError

    async def get(self, conn: AsyncConnection, clip_id: str, *, viewer: Principal | None) -> Clip:
        """One clip; raises `clip.not-found` also when `viewer` may not see its video."""
        raise NotImplementedError

    async def delete(self, tx: Transaction, clip: Clip) -> None:
        """Remove a clip and its file; a cut that waits or runs is cancelled."""
        raise NotImplementedError
