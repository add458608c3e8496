"""Who refers to which objects, and what goes by age."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.bootstrap.settings import StorageSettings
from cutroom.clips.service import ClipService
from cutroom.core import clock
from cutroom.db.engine import Database
from cutroom.library.service import LibraryService
from cutroom.proxies.service import ProxyService
from cutroom.storage.housekeeping import Room

_DAY = 24 * 3600 * clock.SECOND
SEED_DAYS = {"proxies": 30.0, "clips": 7.0}
"""The preset "seed"."""
_AT_ONCE = 20


class Expired(msgspec.Struct, frozen=True, kw_only=True):
    """How many went by age, or would have."""

    proxies: int = 0
    clips: int = 0


def rooms(library: LibraryService, proxies: ProxyService, clips: ClipService) -> dict[str, Room]:
    """The rooms of the store and who refers to what is in them."""

    async def originals(conn: AsyncConnection, owners: Collection[str]) -> set[str]:
        ids = [owner.rpartition("/")[2] for owner in owners]
        return {f"originals/{video.id}" for video in await library.find(conn, ids)}

    return {
        "originals": Room(referenced=originals),
        "previews": Room(referenced=proxies.preview_folders),
        "proxies": Room(referenced=proxies.ladder_folders, parts=3),
        "clips": Room(referenced=clips.folders),
    }


class Retention:
    """What is derived, or was cut, goes after so many days; originals never do."""

    def __init__(
        self, database: Database, proxies: ProxyService, clips: ClipService, settings: StorageSettings
    ) -> None:
        seed = SEED_DAYS if settings.retention == "seed" else {}
        self._database = database
        self._proxies, self._clips = proxies, clips
        self.proxy_days = settings.proxy_days or seed.get("proxies", 0.0)
        self.clip_days = settings.clip_days or seed.get("clips", 0.0)

    async def apply(self, *, dry_run: bool) -> Expired:
        """Remove what is too old, a few at a time, each few in a transaction."""
        removed = {"proxies": 0, "clips": 0}
        for name, days, service in (
            ("proxies", self.proxy_days, self._proxies),
            ("clips", self.clip_days, self._clips),
        ):
            before = clock.now() - int(days * _DAY)
            while days:
                if dry_run:
                    async with self._database.read() as conn:
                        removed[name] = await service.count_older(conn, before)
                    break
                async with self._database.transaction() as tx:
                    gone = await service.expire(tx, before, limit=_AT_ONCE)
                removed[name] += gone
                if gone < _AT_ONCE:
                    break
        return Expired(**removed)
