"""Watched folders: which there are, and what is made of what is found in them. `watching` does the looking."""

from __future__ import annotations

import builtins
import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.core.errors import CutroomError, ErrorDocument, ErrorKind, not_found
from cutroom.core.ids import new_id
from cutroom.db.engine import Database, Transaction
from cutroom.library import store
from cutroom.library.models import Added, FoundFile, Summary, Video, Visibility, display
from cutroom.library.service import LibraryService
from cutroom.library.watched_tables import watched_folders as rows

_BATCH = 500


class WatchedFolder(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. Instants in µs."""

    id: str
    location: bytes
    owner_id: str | None
    visibility: Visibility
    created_at: int
    looked_at: int | None
    method: str | None  # events, polling; None: not begun
    error: ErrorDocument | None

    @property
    def path(self) -> str:
        """The folder, for display."""
        return display(self.location)


class WatchedFolders:
    """Who calls: the routes and `cutroom add --watch` to change them, the watcher to act on them."""

    def __init__(self, database: Database, library: LibraryService) -> None:
        self._database = database
        self._library = library

    async def list(self, conn: AsyncConnection) -> builtins.list[WatchedFolder]:
        """All of them, oldest first."""
        found = (await conn.execute(select(rows).order_by(rows.c.id))).mappings()
        return [msgspec.convert({str(name): value for name, value in row.items()}, WatchedFolder) for row in found]

    async def add(
        self, tx: Transaction, path: str, *, owner_id: str | None, visibility: Visibility = Visibility.SHARED
    ) -> WatchedFolder:
        """Watch a folder from now on; one that is watched already is answered as it is.

        Raises `library.path-relative`, `library.not-a-folder`.
        """
        folder = Path(path)
        if not folder.is_absolute():
            raise CutroomError("library.path-relative", f"{path!r} is not an absolute path.")
        if not folder.is_dir():  # noqa: ASYNC240 - once, for a person who waits
            raise CutroomError(
                "library.not-a-folder", f"There is no folder {path!r} on the server.", kind=ErrorKind.UNPROCESSABLE
            )
        location = os.path.abspath(os.fsencode(path))  # noqa: PTH100, ASYNC240 - bytes
        made = {
            "id": new_id("wfo"),
            "location": location,
            "owner_id": owner_id,
            "visibility": visibility.value,
            "created_at": clock.now(),
        }
        with suppress(IntegrityError):  # it is watched already
            async with tx.conn.begin_nested():
                await tx.conn.execute(insert(rows).values(made))
        [found] = [one for one in await self.list(tx.conn) if one.location == location]
        return found

    async def remove(self, tx: Transaction, folder_id: str) -> None:
        """Watch it no longer; the videos stay. Raises `folder.not-found`."""
        if (await tx.conn.execute(delete(rows).where(rows.c.id == folder_id))).rowcount == 0:
            raise not_found("folder", folder_id)

    # For the watcher

    async def all(self) -> builtins.list[WatchedFolder]:
        """The same as `list`, for who has no connection."""
        return await self._database.look(self.list)

    async def take_in(self, folder: WatchedFolder, found: Sequence[FoundFile]) -> Added:
        """Add files that have come to rest, or have them looked at again when they have changed."""
        added: builtins.list[str] = []
        for first in range(0, len(found), _BATCH):
            async with self._database.transaction() as tx:
                batch = await self._library.add_reference(
                    tx, found[first : first + _BATCH], owner_id=folder.owner_id, visibility=folder.visibility
                )
            added += batch.added
        return Added(added=added, skipped=[])

    async def known_below(self, folder: WatchedFolder) -> dict[bytes, Video]:
        """The videos whose files are, or were, somewhere in the folder."""
        prefix = folder.location.rstrip(b"/") + b"/"
        found = await self._database.look(lambda conn: store.below(conn, prefix))
        return {video.location: video for video in found}

    async def mark_missing(self, videos: Collection[Video]) -> None:
        """Say of these that their files are gone. Nothing is deleted: when a file is back, it is looked at again."""
        if videos:
            async with self._database.transaction() as tx:
                for video in videos:
                    message = f"{video.name!r} is not where it was."
                    summary = Summary(verdict="unreadable", verdict_message=message)
                    await self._library.set_summary(tx, [video.id], summary)

    async def note(self, folder: WatchedFolder, **values: Any) -> None:
        """Keep how it stands: `looked_at`, `method`, `error`."""
        async with self._database.transaction() as tx:
            await tx.conn.execute(update(rows).where(rows.c.id == folder.id).values(values))
