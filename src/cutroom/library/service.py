"""The library's verbs. Methods that take a transaction join their caller's; `add` opens its own."""

from __future__ import annotations

import builtins
import os
import time
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts.models import Principal
from cutroom.core.cursors import from_cursor, to_cursor
from cutroom.core.errors import CutroomError, not_found
from cutroom.db.engine import Database, Transaction
from cutroom.events.announce import Announcer
from cutroom.jobs.models import URGENT
from cutroom.jobs.service import JobService
from cutroom.library import files, list_store, notes, search, store, tags, totals_store
from cutroom.library.events import VideoDeleting, VideoOpened, VideoReady
from cutroom.library.hashing import Hashing
from cutroom.library.intake import Intake
from cutroom.library.models import (
    Added,
    Count,
    FoundFile,
    LocationKind,
    ProxyState,
    Source,
    Summary,
    Totals,
    Video,
    VideoFilter,
    VideoPage,
    VideoSort,
    Visibility,
)
from cutroom.library.store import visible_to as visible_to  # for who joins videos to rows of its own
from cutroom.library.summaries import columns_of
from cutroom.storage.port import ObjectStore

MAX_PAGE = 500
_COUNT_KEPT_SECONDS = 10.0
_COUNTS_KEPT = 256
_OWN_KINDS = frozenset({"inspect", "hash"})  # jobs of a video itself, not of what it shares with others


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
        self._store = store
        self._jobs = jobs
        self._announcer = announcer
        self._intake = Intake(
            database=database, store=store, announcer=announcer, scratch=scratch, extensions=extensions
        )
        self.hashing = Hashing(jobs=jobs, announcer=announcer, intake=self._intake)
        self._counts: dict[tuple[str | None, VideoFilter], tuple[float, Count]] = {}

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
        limit = max(1, min(limit, MAX_PAGE))
        question = await search.understand(conn, where.q) if where.q.strip() else None
        if question is None and sort is VideoSort.RELEVANCE:
            sort, descending = VideoSort.ADDED, True
        asked = (where, sort, descending)
        shape = list_store.places_of(sort, searching=question is not None)
        begin = None if after is None else from_cursor(after, shape, of=asked, code="library.bad-cursor")
        if question is not None and question.hopeless:
            return VideoPage(items=[], next=None)
        found = await list_store.page(
            conn,
            viewer=viewer,
            where=where,
            question=question,
            sort=sort,
            descending=descending,
            limit=limit + 1,
            after=begin,
        )
        more = len(found) > limit
        return VideoPage(
            items=[video for video, _ in found[:limit]],
            next=to_cursor(found[limit - 1][1], of=asked) if more else None,
            corrected=None if question is None else question.corrected,
        )

    async def count(self, conn: AsyncConnection, *, viewer: Principal | None, where: VideoFilter) -> Count:
        """How many videos such a list has; what had to be counted or estimated as it was at most ten seconds ago."""
        everything = viewer is None or viewer.is_administrator
        asked = (None if everything or viewer is None else viewer.account_id, where)
        kept = self._counts.get(asked)
        if kept is not None and time.monotonic() - kept[0] < _COUNT_KEPT_SECONDS:
            return kept[1]
        question = await search.understand(conn, where.q) if where.q.strip() else None
        if question is not None and question.hopeless:
            return Count(number=0, exact=True)
        found = await list_store.count(conn, viewer=viewer, where=where, question=question)
        self._counts.pop(asked, None)
        if not found.exact:
            if len(self._counts) >= _COUNTS_KEPT:
                self._counts.clear()
            self._counts[asked] = (time.monotonic(), found)
        return found

    async def tags(self, conn: AsyncConnection, *, viewer: Principal | None) -> builtins.list[str]:
        """The tags of what `viewer` may see, in order."""
        return await tags.known(conn, viewer=viewer)

    async def get(self, conn: AsyncConnection, video_id: str, *, viewer: Principal | None) -> Video:
        """One video with its probe; raises `video.not-found` also when `viewer` may not see it."""
        video = await store.get(conn, video_id)
        if video is None or (
            viewer is not None and not viewer.may_see(owner_id=video.owner_id, visibility=video.visibility)
        ):
            raise not_found("video", video_id)
        return video

    async def totals(self, conn: AsyncConnection, owner_id: str) -> Totals:
        """What an account's footage adds up to; reads all of its rows."""
        return await totals_store.totals(conn, owner_id)

    async def find(self, conn: AsyncConnection, video_ids: Sequence[str]) -> builtins.list[Video]:
        """Those of these videos that are there, with their probes."""
        return await store.get_many(conn, video_ids)

    async def of_asset(self, conn: AsyncConnection, asset_id: str) -> Sequence[Video]:
        """The videos that show an asset, oldest first; two or more are duplicates of each other."""
        return await store.of_asset(conn, asset_id)

    async def has_hashed_of_size(self, conn: AsyncConnection, size_bytes: int) -> bool:
        """Whether a file of this size could be one whose contents are known."""
        return await store.has_hashed_of_size(conn, size_bytes)

    async def stored_bytes(self, conn: AsyncConnection, owner_id: str) -> int:
        """What an account's originals take of the store."""
        return await store.stored_bytes(conn, owner_id)

    # Adding

    def add(
        self,
        paths: Sequence[str | bytes | Path],
        *,
        owner_id: str | None,
        visibility: Visibility = Visibility.SHARED,
        copy: bool = False,
    ) -> AsyncIterator[Added]:
        """Add files and whole folders, in transactions of a few hundred; each is yielded once it is committed."""
        return self._intake.add(paths, owner_id=owner_id, visibility=visibility, copy=copy)

    async def add_reference(
        self, tx: Transaction, files: Sequence[FoundFile], *, owner_id: str | None, visibility: Visibility
    ) -> Added:
        """Add files where they are. A path that is known and unchanged is skipped; a changed one is inspected again."""
        return await self._intake.add_reference(tx, files, owner_id=owner_id, visibility=visibility)

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
        return await self._intake.add_stored(
            tx, video_id=video_id, key=key, name=name, owner_id=owner_id, visibility=visibility
        )

    # Changing

    async def change(
        self,
        tx: Transaction,
        video: Video,
        *,
        name: str | None = None,
        visibility: Visibility | None = None,
        given: Sequence[str] | None = None,
    ) -> Video:
        """Rename it, say who sees it, or give it other tags (`given`); None leaves that as it is.

        Raises `library.bad-name` and `library.bad-tag`.
        """
        changed = msgspec.structs.replace(
            video,
            name=video.name if name is None else _checked_name(name),
            visibility=visibility or video.visibility,
            tags=video.tags if given is None else tuple(tags.checked(given)),
        )
        values = {"name": changed.name, "visibility": changed.visibility.value}
        await store.set_columns(tx.conn, [video.id], values)
        if changed.name != video.name:
            await search.contribute(tx, video.id, search.Kind.NAME, changed.name)
        if changed.tags != video.tags:
            await tags.replace(tx.conn, video.id, changed.tags)
            await search.contribute(tx, video.id, search.Kind.TAGS, " ".join(changed.tags))
        if changed.audience != video.audience:
            # Who may not see it any more has to take it off the page.
            await notes.tell_deleted(tx, video)
        await notes.tell_changed(tx, [changed])
        return changed

    async def delete(self, tx: Transaction, video: Video) -> None:
        """Take it out: its jobs are cancelled, a stored original and what nobody else needs are removed.

        A file that was added by reference is never touched.
        """
        await self._announcer.announce(tx, VideoDeleting(video=video))
        for job in (await self._jobs.active(tx.conn, [video.id])).get(video.id, ()):
            if job.kind in _OWN_KINDS:
                await self._jobs.cancel(tx, job.id)
        await store.delete_video(tx.conn, video.id)
        await self._intake.drop_unless_shown(tx, video.asset_id)
        if video.location_kind is LocationKind.STORED:
            files.delete_after_commit(tx, self._store, video.path)
        await notes.tell_deleted(tx, video)

    async def open(self, tx: Transaction, video: Video) -> None:
        """Say that somebody looks at it: its work goes first, and a missing proxy is asked for again."""
        await self._jobs.prioritise(tx, video.id, URGENT)
        await self._announcer.announce(tx, VideoOpened(video=video))

    # For the upper domains

    async def set_summary(self, tx: Transaction, video_ids: Sequence[str], summary: Summary) -> None:
        """Set columns of list rows, and tell the pages."""
        values = columns_of(summary)
        if values and video_ids:
            becomes_ready = summary.proxy_state is ProxyState.READY
            before = await store.get_many(tx.conn, video_ids) if becomes_ready else []
            was_ready = {video.id for video in before if video.proxy_state is ProxyState.READY}
            await store.set_columns(tx.conn, video_ids, values)
            changed = await store.get_many(tx.conn, video_ids)
            await notes.tell_changed(tx, changed)
            for video in changed if becomes_ready else ():
                if video.id not in was_ready:
                    await self._announcer.announce(tx, VideoReady(video=video))

    async def at_paths(self, conn: AsyncConnection, paths: Collection[bytes]) -> dict[bytes, Video]:
        """The videos whose files are at these absolute paths, added by reference or stored."""
        keys = {path: key for path in paths if (key := files.key_at(self._store, path)) is not None}
        found = await store.at_locations(conn, [path for path in paths if path not in keys])
        stored = await store.at_locations(conn, list(keys.values()), LocationKind.STORED)
        return found | {path: stored[key] for path, key in keys.items() if key in stored}

    def path_of(self, kind: str, location: bytes) -> str:
        """Where the operating system finds what a video's row says; surrogates stand for bytes that are not UTF-8."""
        place = os.fsdecode(location)
        return str(self._store.local_path(place)) if kind == LocationKind.STORED.value else place

    async def places(self, conn: AsyncConnection, *, after: str, limit: int) -> builtins.list[tuple[str, str]]:
        """Ids and paths of the videos after an id, in the order of their ids, for who walks over all of them."""
        # Originals in a bucket are inspected by their own jobs, which bring them here one at a time.
        return [
            (video_id, self.path_of(kind, location))
            for video_id, kind, location in await store.places(conn, after=after, limit=limit)
            if not (self._store.remote and kind == LocationKind.STORED.value)
        ]

    def local_path(self, video: Video) -> str:
        """Where the operating system finds the video's file, for those who may know."""
        return files.local_path(self._store, video)

    def fetched(self, video: Video) -> str:
        """The same, once the file is there: a stored original may have to be brought first. Blocks.

        Raises `storage.not-found` and what the store raises.
        """
        if video.location_kind is LocationKind.STORED:
            self._store.fetch(video.path)
        return self.local_path(video)

    async def source_of(self, tx: Transaction, video: Video, *, inspecting: bool = False) -> Source | None:
        """The local file of a video for a job, or None when there is nothing to do now.

        A file that has gone gets the verdict `unreadable`; one that has changed is inspected again, as new contents.
        An inspection itself takes the file as it is now, and says what is wrong with it.
        """
        source = await files.look(self._store, video)
        if source is None:
            if inspecting:
                return files.expected(self._store, video)
            message = f"{video.name!r} is not where it was."
            await self.set_summary(tx, [video.id], Summary(verdict="unreadable", verdict_message=message))
            return None
        if (source.size_bytes, source.mtime_ns) == (video.size_bytes, video.mtime_ns):
            return source
        changed = files.renewed(video, size_bytes=source.size_bytes, mtime_ns=source.mtime_ns)
        await self._intake.renew(tx, [changed], announce=not inspecting)
        return source if inspecting else None


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 255 or "\x00" in name:
        raise CutroomError("library.bad-name", "A video's name has 1 to 255 letters.")
    return name
