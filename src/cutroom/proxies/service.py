"""The proxies' verbs: ask for a ladder and previews, look up what is to be served."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.db.engine import Transaction
from cutroom.jobs.service import JobService
from cutroom.library.models import Video
from cutroom.library.service import LibraryService
from cutroom.proxies.models import AssetViews, MediaObject, Proxy, Recipe
from cutroom.storage.port import ObjectStore


class ProxyService:
    """Ladders, thumbnails, sprites and peaks of assets."""

    def __init__(self, *, library: LibraryService, jobs: JobService, store: ObjectStore, recipe: Recipe) -> None:
        raise NotImplementedError

    async def views(self, conn: AsyncConnection, asset_ids: Collection[str]) -> dict[str, AssetViews]:
        """The previews of many assets in one query, by asset id; an asset without any has no entry."""
        raise NotImplementedError

    async def playback(self, conn: AsyncConnection, asset_id: str) -> Proxy | None:
        """The ladder to play, of today's recipe when there is one; its `playlist_key` may still be None."""
        raise NotImplementedError

    async def media(self, conn: AsyncConnection, video: Video, name: str) -> MediaObject:
        """What `/api/videos/{id}/media/{name}` serves; raises `media.not-found`.

        Names: `thumbnails/{file}`, `sprite/{file}`, `peaks.dat`, `peaks.json`, `pts`, `hls/{playlist or segment}`.
        """
        raise NotImplementedError

    async def enqueue_for(self, tx: Transaction, video: Video, *, priority: int | None = None) -> None:
        """Ask for the previews and the ladder that the video's asset lacks; a failed ladder is tried again."""
        raise NotImplementedError
