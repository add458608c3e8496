"""Looking at watched folders: all of each at the start and now and then, and what the system tells of in between.

A file is taken when it has not changed for a while. Nothing is remembered between runs but the rows: the look at the
start finds what came meanwhile. Network shares tell nothing about what others write, so they are looked at often.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec
import watchfiles

from cutroom.core import clock
from cutroom.core.errors import CutroomError, ErrorDocument
from cutroom.db.location import NETWORK_FILE_SYSTEMS, file_system_of
from cutroom.library.models import FoundFile, Video
from cutroom.library.scan import scan
from cutroom.library.watched import WatchedFolder, WatchedFolders

log = logging.getLogger(__name__)

UNFINISHED = frozenset({"part", "tmp", "temp", "partial", "crdownload", "download", "filepart", "opdownload"})
"""Endings of names that programs give to files they still write."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How often, in seconds."""

    settle: float = 5.0  # without a change, until a file is taken
    polling: float = 30.0  # between two looks at a folder that tells nothing
    events: float = 600.0  # between two looks at one that does
    list: float = 2.0  # between two looks at which folders there are


class FolderWatcher:
    """`run` until cancelled: one task a folder."""

    def __init__(self, folders: WatchedFolders, *, extensions: frozenset[str], pace: Pace) -> None:
        """`extensions` (lower case, without a dot) are what is taken for footage."""
        self._folders = folders
        self._extensions = extensions - UNFINISHED
        self._pace = pace

    async def run(self) -> None:
        """Follow the list of folders, and watch each."""
        tasks: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                try:
                    wanted = {one.id: one for one in await self._folders.all()}
                except (CutroomError, OSError) as error:
                    log.warning("The watched folders cannot be read: %s", error)
                    wanted = {}
                for folder_id in tasks.keys() - wanted.keys():
                    tasks.pop(folder_id).cancel()
                for folder_id in wanted.keys() - tasks.keys():
                    tasks[folder_id] = asyncio.create_task(self._watch(wanted[folder_id]))
                await asyncio.sleep(self._pace.list)
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)

    async def _watch(self, folder: WatchedFolder) -> None:
        """Look, and again: at once when the system tells of something, else after a while."""
        watched = _Folder(folder, self._folders, self._extensions, self._pace.settle)
        path = Path(os.fsdecode(folder.location))
        while True:
            tells = file_system_of(path) not in NETWORK_FILE_SYSTEMS
            try:
                await watched.look_through()
                await self._folders.note(
                    folder, looked_at=clock.now(), method="events" if tells else "polling", error=None
                )
                await self._until_next_look(watched, path, tells)
            except CutroomError as error:
                await self._complain(folder, error.document)
                await asyncio.sleep(self._pace.polling)
            except OSError as error:
                said = f"{folder.path!r} cannot be watched: {error.strerror or error}."
                await self._complain(folder, ErrorDocument(code="library.not-watched", message=said))
                await asyncio.sleep(self._pace.polling)

    async def _complain(self, folder: WatchedFolder, document: ErrorDocument) -> None:
        log.warning("%s", document.message)
        try:
            await self._folders.note(folder, error=msgspec.to_builtins(document))
        except CutroomError as error:
            log.warning("That cannot be kept: %s", error)

    async def _until_next_look(self, watched: _Folder, path: Path, tells: bool) -> None:
        until = time.monotonic() + (self._pace.events if tells else self._pace.polling)
        if not tells:
            while (left := until - time.monotonic()) > 0:
                await asyncio.sleep(min(left, self._pace.settle))
                await watched.take_settled()
            return
        stop = asyncio.Event()
        told = watchfiles.awatch(
            path,
            watch_filter=None,
            stop_event=stop,
            debounce=400,
            rust_timeout=max(100, int(self._pace.settle * 500)),
            yield_on_timeout=True,
            recursive=True,
        )
        try:
            async for changes in told:
                await watched.look_at([os.fsencode(name) for _, name in changes])
                await watched.take_settled()
                if time.monotonic() > until or not watched.is_there():
                    return
        finally:
            stop.set()
            await told.aclose()


class _Folder:
    """What one folder holds, and which of its files have not come to rest yet."""

    def __init__(
        self, folder: WatchedFolder, folders: WatchedFolders, extensions: frozenset[str], settle: float
    ) -> None:
        self._folder = folder
        self._folders = folders
        self._extensions = extensions
        self._settle = settle
        self._restless: dict[bytes, tuple[FoundFile, float]] = {}  # and when it was last seen to change

    async def look_through(self) -> None:
        """Everything: what is new waits until it is at rest, what has gone is marked."""
        found = await asyncio.to_thread(self._scan, [self._folder.location])
        known = await self._folders.known_below(self._folder)
        if not self.is_there() or (known and not found):
            raise CutroomError(
                "library.folder-away",
                f"{self._folder.path!r} is not there, or empty as if it were not mounted.",
                hint="Its videos are left as they are until it is back.",
            )
        self._consider(found.values())
        await self._mark([video for place, video in known.items() if place not in found])
        await self.take_settled()

    async def look_at(self, paths: list[bytes]) -> None:
        """Paths that something happened to."""
        there, gone = await asyncio.to_thread(self._sort, paths)
        self._consider(there.values())
        if not gone or not self.is_there():
            return
        known = await self._folders.known_below(self._folder)
        below = tuple(path + b"/" for path in gone)
        await self._mark([video for place, video in known.items() if place in gone or place.startswith(below)])
        for path in gone:
            self._restless.pop(path, None)

    async def _mark(self, gone: list[Video]) -> None:
        await self._folders.mark_missing([video for video in gone if video.verdict != "unreadable"])

    def is_there(self) -> bool:
        """Whether there is such a folder."""
        return Path(os.fsdecode(self._folder.location)).is_dir()

    async def take_settled(self) -> None:
        """Add the files that have not changed for long enough."""
        ready: list[FoundFile] = []
        for place, (before, since) in list(self._restless.items()):
            if time.monotonic() - since < self._settle:
                continue
            now = (await asyncio.to_thread(self._scan, [place])).get(place)
            if now is None:
                del self._restless[place]
            elif now != before:
                self._restless[place] = (now, time.monotonic())
            else:
                ready.append(now)
                del self._restless[place]
        if ready:
            await self._folders.take_in(self._folder, ready)

    def _consider(self, found: Iterable[FoundFile]) -> None:
        """Old files may be taken at once: nobody has written to them for long enough."""
        for one in found:
            before = self._restless.get(one.location)
            if before is None or before[0] != one:
                age = max(0.0, time.time() - one.mtime_ns / 1e9)
                self._restless[one.location] = (one, time.monotonic() - (age if before is None else 0.0))

    def _sort(self, paths: list[bytes]) -> tuple[dict[bytes, FoundFile], list[bytes]]:
        """The footage among them, and those that lead nowhere any more."""
        present = [path for path in paths if os.path.lexists(path)]
        return self._scan(present), [path for path in paths if path not in present]

    def _scan(self, paths: list[bytes]) -> dict[bytes, FoundFile]:
        wanted = [path for path in paths if not _hidden(path, self._folder.location)]
        return {
            one.location: one
            for one in scan(wanted, self._extensions)
            if isinstance(one, FoundFile) and _extension(one.location) in self._extensions
        }


def _hidden(path: bytes, root: bytes) -> bool:
    return any(part.startswith(b".") for part in path[len(root) :].split(b"/"))


def _extension(path: bytes) -> str:
    return os.path.splitext(path)[1][1:].decode("ascii", "replace").lower()  # noqa: PTH122
