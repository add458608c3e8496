"""Checksums that were kept: what is not read again, and which files share one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.core.cursors import from_cursor, to_cursor
from cutroom.db.engine import Database
from cutroom.inspection import hash_store
from cutroom.inspection.files import Candidate, displayed
from cutroom.library.service import LibraryService

MAX_PAGE = 500
_LIST = "duplicates"
_MOST_FILES = 1000  # shown of one group
_BATCH = 100
_BATCH_SECONDS = 1.0


class KeptHashes:
    """What `find_duplicates` remembers, in the database. `close` writes what waits."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[dict[str, Any]] = []
        self._since = 0

    async def of(self, files: Sequence[Candidate]) -> dict[Path, str]:
        """Those of files that have not changed since theirs was taken."""
        by_path = {os.fsencode(file.path): file for file in files}
        async with self._database.read() as conn:
            rows = await hash_store.known(conn, list(by_path))
        return {
            by_path[path].path: row["content_hash"]
            for path, row in rows.items()
            if (row["size_bytes"], row["mtime_ns"]) == (by_path[path].size_bytes, by_path[path].mtime_ns)
        }

    async def keep(self, file: Candidate, content_hash: str) -> None:
        """A new one, written with some others."""
        self._since = self._since or clock.now()
        self._waiting.append(
            {
                "path": os.fsencode(file.path),
                "size_bytes": file.size_bytes,
                "mtime_ns": file.mtime_ns,
                "content_hash": content_hash,
            }
        )
        if len(self._waiting) >= _BATCH or clock.now() - self._since > _BATCH_SECONDS * clock.SECOND:
            await self.close()

    async def close(self) -> None:
        """Write what waits."""
        rows, self._waiting, self._since = self._waiting, [], 0
        if rows:
            async with self._database.transaction() as tx:
                await hash_store.put(tx.conn, rows, clock.now())


class SharedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One of the files that hold the same."""

    path: str
    video_id: str | None


class SharedContent(msgspec.Struct, frozen=True, kw_only=True):
    """Files that hold exactly the same bytes."""

    content_hash: str
    size_bytes: int
    wasted_bytes: int
    files: list[SharedFile]


class SharedPage(msgspec.Struct, frozen=True, kw_only=True):
    """Groups, the most wasteful first, and the cursor of the next page."""

    items: list[SharedContent]
    next: str | None


class KnownDuplicates:
    """Groups of equal files among all whose checksum is kept. Files that have gone or changed since are left out."""

    def __init__(self, library: LibraryService) -> None:
        self._library = library

    async def groups(
        self, conn: AsyncConnection, *, limit: int = 50, after: str | None = None
    ) -> tuple[list[tuple[str, int, list[dict[str, Any]]]], str | None]:
        """What the database knows: (content hash, bytes, places), and the next cursor. Raises `library.bad-cursor`."""
        limit = max(1, min(limit, MAX_PAGE))
        begin = None if after is None else from_cursor(after, tuple[int, str], of=_LIST, code="library.bad-cursor")
        found = await hash_store.groups(conn, after=begin, limit=limit + 1)
        shown = found[:limit]
        places = await hash_store.sharers(conn, [row[0] for row in shown], most=_MOST_FILES)
        paths = [
            os.fsencode(self._library.path_of(one["kind"], bytes(one["path"])))
            for some in places.values()
            for one in some
        ]
        videos = await self._library.at_paths(conn, paths)
        groups = []
        for content_hash, size, _, _ in shown:
            files = []
            for one in places.get(content_hash, ()):
                path = os.fsencode(self._library.path_of(one["kind"], bytes(one["path"])))
                video = videos.get(path)
                files.append({**one, "path": path, "video_id": video.id if video else None})
            groups.append((content_hash, size, files))
        cursor = to_cursor((shown[-1][3], shown[-1][0]), of=_LIST) if len(found) > limit else None
        return groups, cursor

    async def page(self, database: Database, *, limit: int = 50, after: str | None = None) -> SharedPage:
        """A page of groups as they are on the disk now."""
        groups, cursor = await database.look(lambda conn: self.groups(conn, limit=limit, after=after))
        items = await asyncio.to_thread(lambda: [_as_it_is(*group) for group in groups])
        return SharedPage(items=[one for one in items if one is not None], next=cursor)


def _as_it_is(content_hash: str, size: int, places: list[dict[str, Any]]) -> SharedContent | None:
    files, inodes = [], set()
    for place in places:
        try:
            status = Path(os.fsdecode(place["path"])).stat()
        except (OSError, ValueError):
            continue
        if (status.st_size, status.st_mtime_ns) == (place["size_bytes"], place["mtime_ns"]):
            inodes.add((status.st_dev, status.st_ino))
            shown = displayed(Path(os.fsdecode(place["path"])))
            files.append(SharedFile(path=shown, video_id=place["video_id"]))
    if len(files) < 2:
        return None
    return SharedContent(content_hash=content_hash, size_bytes=size, wasted_bytes=size * (len(inodes) - 1), files=files)
