"""The library's verbs. Methods that take a transaction join their caller's; those that take none open their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts.models import Principal
from cutroom.db.engine import Database, Transaction
from cutroom.events.announce import Announcer
from cutroom.jobs.service import JobService
from cutroom.library.models import (
    Added,
    FoundFile,
    Source,
    Summary,
    Video,
    VideoFilter,
    VideoPage,
    VideoSort,
    Visibility,
)
from cutroom.storage.port import ObjectStore


class LibraryService:
    """Videos: adding, finding, changing, opening and deleting them."""

    def __init__(
        self,
        *,
        database: Database,
        store: ObjectStore,
        jobs: JobService,
        announcer: Announcer,
        scratch: Path,
        extensions: frozenset[str],
    ) -> None:
        """`extensions` (lower case, without a dot) are what a folder scan takes for footage."""
        raise NotImplementedError

    # Reading

    async def list(
        self,
        conn: AsyncConnection,
        *,
        viewer: Principal | None,
        where: VideoFilter,
        sort: VideoSort = VideoSort.ADDED,
        descending: bool = True,
        limit: int = 50,
        after: str | None = None,
    ) -> VideoPage:
        """One page of what `viewer` may see (None: everything). Raises `library.bad-cursor`."""
        raise NotImplementedError

    async def count(self, conn: AsyncConnection, *, viewer: Principal | None, where: VideoFilter) -> int:
        """How many videos such a list has; of a large library as it was at most ten seconds ago."""
        raise NotImplementedError

    async def get(self, conn: AsyncConnection, video_id: str, *, viewer: Principal | None) -> Video:
        """One video with its probe; raises `video.not-found` also when `viewer` may not see it."""
        raise NotImplementedError

    async def of_asset(self, conn: AsyncConnection, asset_id: str) -> Sequence[Video]:
        """The videos that show an asset, oldest first; two or more are duplicates of each other."""
        raise NotImplementedError

    # Adding

    def add(
        self,
        paths: Sequence[str | bytes],
        *,
        owner_id: str | None,
        visibility: Visibility = Visibility.SHARED,
        copy: bool = False,
    ) -> AsyncIterator[Added]:
        """Add files and whole folders, in transactions of a few hundred; each is yielded once it is committed."""
        raise NotImplementedError

    async def add_reference(
        self, tx: Transaction, files: Sequence[FoundFile], *, owner_id: str | None, visibility: Visibility
    ) -> Added:
        """Add files where they are. A path that is known and unchanged is skipped; a changed one is inspected again."""
        raise NotImplementedError

    async def add_stored(
        self,
        tx: Transaction,
        *,
        video_id: str,
        key: str,
        name: str,
        owner_id: str | None,
        visibility: Visibility,
    ) -> Video:
        """Add an object of the store (`originals/{video_id}/…`) that was adopted already."""
        raise NotImplementedError

    # Changing

    async def change(
        self, tx: Transaction, video: Video, *, name: str | None = None, visibility: Visibility | None = None
    ) -> Video:
        """Rename it or say who sees it; None leaves that as it is. Raises `library.bad-name`."""
        raise NotImplementedError

    async def delete(self, tx: Transaction, video: Video) -> None:
        """Take it out: its jobs are cancelled, a stored original and what nobody else needs are removed.

        A file that was added by reference is never touched.
        """
        raise NotImplementedError

    async def open(self, tx: Transaction, video: Video) -> None:
        """Say that somebody looks at it: its work goes first, and a missing proxy is asked for again."""
        raise NotImplementedError

    # For the upper domains

    async def set_summary(self, tx: Transaction, video_ids: Sequence[str], summary: Summary) -> None:
        """Set columns of list rows, and tell the pages."""
        raise NotImplementedError

    async def source_of(self, tx: Transaction, video: Video) -> Source | None:
        """The local file of a video for a job, or None when there is nothing to do now.

        A file that has gone gets the verdict `unreadable`; one that has changed is inspected again, as new contents.
        """
        raise NotImplementedError
