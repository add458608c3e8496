"""Adding to the library: by reference, as copies, and again when a file has changed."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import msgspec

from cutroom.core import clock
from cutroom.core.errors import CutroomError
from cutroom.core.ids import new_id
from cutroom.db.engine import Database, Transaction
from cutroom.events.announce import Announcer
from cutroom.library import notes, search, store
from cutroom.library.events import AssetDeleting, VideosAdded
from cutroom.library.files import renewed
from cutroom.library.models import (
    ALREADY_ADDED,
    Added,
    FoundFile,
    LocationKind,
    ProxyState,
    Skipped,
    Video,
    Visibility,
    display,
)
from cutroom.library.naming import object_name
from cutroom.library.scan import scan, unreadable
from cutroom.storage.local import disk_error
from cutroom.storage.port import ObjectStore

BATCH = 500
"""Files a transaction: large enough that the commit does not count, small enough that other writers get their turn."""


class Intake:
    """The adding half of `LibraryService`, which documents the methods."""

    def __init__(
        self,
        *,
        database: Database,
        store: ObjectStore,
        announcer: Announcer,
        scratch: Path,
        extensions: frozenset[str],
    ) -> None:
        self._database = database
        self._store = store
        self._announcer = announcer
        self._scratch = scratch
        self._extensions = extensions

    async def add(
        self, paths: Sequence[str | bytes | Path], *, owner_id: str | None, visibility: Visibility, copy: bool
    ) -> AsyncIterator[Added]:
        """Scan in a thread, add a batch in a transaction, again until nothing is left."""
        found = scan(paths, self._extensions)
        while batch := await asyncio.to_thread(_take, found, 1 if copy else BATCH):
            files = [one for one in batch if isinstance(one, FoundFile)]
            skipped = [one for one in batch if isinstance(one, Skipped)]
            if copy:
                answer = await self._copy(files, owner_id=owner_id, visibility=visibility)
            elif files:
                async with self._database.transaction(durable=True) as tx:
                    answer = await self.add_reference(tx, files, owner_id=owner_id, visibility=visibility)
            else:
                answer = Added(added=[], skipped=[])
            yield Added(added=answer.added, skipped=skipped + answer.skipped)

    async def add_reference(
        self, tx: Transaction, files: Sequence[FoundFile], *, owner_id: str | None, visibility: Visibility
    ) -> Added:
        """One lookup, two inserts and one announcement for all of them."""
        known = await store.at_locations(tx.conn, {one.location for one in files})
        now = clock.now()
        made: dict[bytes, Video] = {}
        changed: list[Video] = []
        skipped: list[Skipped] = []
        for found in files:
            video = known.get(found.location)
            if found.location in made or (video is not None and not _differs(video, found)):
                skipped.append(_already(found))
            elif video is not None:
                changed.append(renewed(video, size_bytes=found.size_bytes, mtime_ns=found.mtime_ns))
                known[found.location] = changed[-1]
            else:
                # A microsecond apart, so that a folder keeps the order of its names.
                at = now + len(made)
                made[found.location] = _new(found, owner_id=owner_id, visibility=visibility, now=at)
        if made:
            await self._insert(tx, list(made.values()), now=now)
            await self._announce(tx, list(made.values()))
        if changed:
            await self.renew(tx, changed)
        return Added(added=[video.id for video in (*made.values(), *changed)], skipped=skipped)

    async def add_stored(
        self, tx: Transaction, *, video_id: str, key: str, name: str, owner_id: str | None, visibility: Visibility
    ) -> Video:
        """A row for an object that stands in the store already."""
        stat = self._store.stat(key)
        if stat is None:
            raise CutroomError("storage.not-found", f"There is no object {key!r} in the store.")
        now = clock.now()
        found = FoundFile(location=os.fsencode(key), size_bytes=stat.size_bytes, mtime_ns=stat.mtime_ns)
        video = msgspec.structs.replace(
            _new(found, owner_id=owner_id, visibility=visibility, now=now),
            id=video_id,
            name=name,
            location_kind=LocationKind.STORED,
        )
        await self._insert(tx, [video], now=now)
        await self._announce(tx, [video])
        return video

    async def renew(self, tx: Transaction, changed: Sequence[Video], *, announce: bool = True) -> None:
        """Videos as `renewed` returns them: other contents, so another asset, and everything anew.

        Without `announce` nobody is asked to inspect them: for the inspection that has found the change.
        """
        left = {video.asset_id for video in await store.get_many(tx.conn, [one.id for one in changed])}
        await store.renew(tx.conn, changed, now=clock.now())
        for asset_id in sorted(left):
            await self.drop_unless_shown(tx, asset_id)
        if announce:
            await self._announce(tx, changed)

    async def drop_unless_shown(self, tx: Transaction, asset_id: str) -> None:
        """Remove an asset, and what hangs on it, when its last video has left it."""
        if not await store.asset_is_shown(tx.conn, asset_id):
            await self._announcer.announce(tx, AssetDeleting(asset_id=asset_id))
            await store.delete_asset(tx.conn, asset_id)

    async def _insert(self, tx: Transaction, made: Sequence[Video], *, now: int) -> None:
        await store.insert_many(tx.conn, made, now=now)
        await search.add(tx.conn, made)

    async def _announce(self, tx: Transaction, added: Sequence[Video]) -> None:
        await notes.tell_changed(tx, added)
        await self._announcer.announce(tx, VideosAdded(videos=tuple(added)))

    async def _copy(self, files: Sequence[FoundFile], *, owner_id: str | None, visibility: Visibility) -> Added:
        added: list[str] = []
        skipped: list[Skipped] = []
        for found in files:
            video_id = new_id("vid")
            key = f"originals/{video_id}/{object_name(found.name)}"
            try:
                await asyncio.to_thread(self._copy_in, found, key, self._scratch / f"{video_id}.part")
            except FileNotFoundError as error:
                skipped.append(unreadable(found.location, error))
                continue
            try:
                async with self._database.transaction(durable=True) as tx:
                    await self.add_stored(
                        tx, video_id=video_id, key=key, name=found.name, owner_id=owner_id, visibility=visibility
                    )
            except BaseException:
                self._store.delete(key)
                raise
            added.append(video_id)
        return Added(added=added, skipped=skipped)

    def _copy_in(self, found: FoundFile, key: str, part: Path) -> None:
        try:
            shutil.copyfile(os.fsdecode(found.location), part)
            os.utime(part, ns=(found.mtime_ns, found.mtime_ns))
            self._store.adopt(key, part)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise disk_error(error) from error
        finally:
            part.unlink(missing_ok=True)


def _new(found: FoundFile, *, owner_id: str | None, visibility: Visibility, now: int) -> Video:
    return Video(
        id=new_id("vid"),
        asset_id=new_id("ast"),
        owner_id=owner_id,
        owner_name=None,
        visibility=visibility,
        name=found.name,
        location_kind=LocationKind.REFERENCE,
        location=found.location,
        size_bytes=found.size_bytes,
        mtime_ns=found.mtime_ns,
        added_at=now,
        verdict="pending",
        verdict_message=None,
        proxy_state=ProxyState.NONE,
        poster=None,
        duration=None,
        rate=None,
        width=None,
        height=None,
    )


def _differs(video: Video, found: FoundFile) -> bool:
    # "unreadable" says that it was away or locked up: now it is there, so it deserves another look.
    known = (video.size_bytes, video.mtime_ns)
    return known != (found.size_bytes, found.mtime_ns) or video.verdict == "unreadable"


def _already(found: FoundFile) -> Skipped:
    shown = display(found.location)
    return Skipped(path=shown, code=ALREADY_ADDED, message=f"{shown!r} is in the library already.")


def _take(found: Iterator[FoundFile | Skipped], limit: int) -> list[FoundFile | Skipped]:
    return list(itertools.islice(found, limit))
