"""What takes how much room, and removing objects that nothing refers to.

Who refers to what is registered by bootstrap, a room (the first part of a key) at a time. Owners are folders that are
named after ids, and ids never come back: what is old and has no owner will never have one. What is young may belong to
an upload or a job whose row comes last, so it is left alone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from itertools import groupby

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.db.engine import Database
from cutroom.storage.port import ObjectStat, ObjectStore

log = logging.getLogger(__name__)

Referenced = Callable[[AsyncConnection, Collection[str]], Awaitable[set[str]]]
"""Those of some owners that somebody refers to."""
_AT_ONCE = 200


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of objects. An owner is the folder of an object, or the first `parts` parts of its key."""

    referenced: Referenced
    parts: int | None = None

    def owner(self, key: str) -> str:
        """Who an object hangs on."""
        return key.rpartition("/")[0] if self.parts is None else "/".join(key.split("/")[: self.parts])


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What one kind takes."""

    kind: str  # originals, previews, proxies, clips
    objects: int
    bytes: int


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What a clean-up removed, or would have."""

    dry_run: bool
    objects: int = 0
    bytes: int = 0
    owners: list[str] = []  # the first of them
    unfinished: int = 0  # files and uploads that never ended


class _Group(msgspec.Struct):
    owner: str
    keys: list[str]
    bytes: int
    newest_ns: int


class Housekeeping:
    """One store and those who refer to its objects."""

    def __init__(
        self, database: Database, store: ObjectStore, rooms: Mapping[str, Room], *, orphan_hours: float
    ) -> None:
        """`orphan_hours`: how long an object stays that nothing refers to."""
        self._database = database
        self._store = store
        self._rooms = rooms
        self._grace_seconds = orphan_hours * 3600

    async def usage(self) -> list[Usage]:
        """Every room; walks over all objects, so it takes its time."""
        return [await asyncio.to_thread(self._usage, room) for room in self._rooms]

    async def sweep(self, *, dry_run: bool, now: float | None = None) -> Swept:
        """Remove what is old and has no owner. `now` (seconds since the epoch) is for tests."""
        now = time.time() if now is None else now
        total = Swept(dry_run=dry_run)
        for name, room in self._rooms.items():
            groups = self._groups(name, room)
            while batch := await asyncio.to_thread(_take, groups):
                old = [one for one in batch if now - one.newest_ns / 1e9 > self._grace_seconds]
                total = await self._sweep_some(room, old, total)
        unfinished = await asyncio.to_thread(
            self._store.sweep_unfinished, older_than_seconds=self._grace_seconds, dry_run=dry_run
        )
        return msgspec.structs.replace(total, unfinished=unfinished)

    async def _sweep_some(self, room: Room, groups: list[_Group], total: Swept) -> Swept:
        if not groups:
            return total
        async with self._database.read() as conn:
            wanted = await room.referenced(conn, [one.owner for one in groups])
        gone = [one for one in groups if one.owner not in wanted]
        if not total.dry_run:
            for one in gone:
                log.warning("Nothing refers to %s: %d objects are removed.", one.owner, len(one.keys))
                await asyncio.to_thread(self._remove, one.keys)
        return msgspec.structs.replace(
            total,
            objects=total.objects + sum(len(one.keys) for one in gone),
            bytes=total.bytes + sum(one.bytes for one in gone),
            owners=[*total.owners, *(one.owner for one in gone)][:_AT_ONCE],
        )

    def _remove(self, keys: list[str]) -> None:
        for key in keys:
            self._store.delete(key)

    def _usage(self, room: str) -> Usage:
        objects = size = 0
        for one in self._store.list(room):
            objects, size = objects + 1, size + one.size_bytes
        return Usage(kind=room, objects=objects, bytes=size)

    def _groups(self, name: str, room: Room) -> Iterator[_Group]:
        def owner(one: ObjectStat) -> str:
            return room.owner(one.key)

        for found, members in groupby(self._store.list(name), owner):
            objects = list(members)
            yield _Group(
                owner=found,
                keys=[one.key for one in objects],
                bytes=sum(one.size_bytes for one in objects),
                newest_ns=max(one.stored_ns for one in objects),
            )


def _take(groups: Iterator[_Group]) -> list[_Group]:
    return [one for one, _ in zip(groups, range(_AT_ONCE), strict=False)]
