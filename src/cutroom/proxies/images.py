"""Pictures of a video in other widths, made when somebody asks: from a closed list, once, and a few at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.library.models import Video
from cutroom.media.pool import DecodePool
from cutroom.proxies.models import AssetViews, MediaObject, Preview
from cutroom.proxies.service import MEDIA_TYPES, ProxyService
from cutroom.storage.port import ObjectStore

WIDTHS = (150, 300, 320, 600, 640, 1200, 1280)
QUALITY = 85
QUALITIES = (60, QUALITY, 95)
FORMATS = ("avif", "webp", "jpg")
"""The best first."""
_SECONDS = 20.0
_MOST_WAITING = 64


class ImageService:
    """One a process. All that may ever be made of one video is a few dozen small files."""

    def __init__(self, *, proxies: ProxyService, store: ObjectStore, scratch: Path) -> None:
        self._proxies = proxies
        self._store = store
        self._scratch = scratch
        self._making: dict[str, asyncio.Task[None]] = {}

    async def find(self, conn: AsyncConnection, video: Video) -> Preview:
        """The thumbnails that pictures of a video are made of; raises `media.not-found`."""
        views = (await self._proxies.views(conn, {video.asset_id})).get(video.asset_id, AssetViews())
        if views.thumbnails is None or not views.thumbnails.detail.get("widths"):
            message = f"{video.name} has no picture, or not yet."
            raise CutroomError("media.not-found", message, kind=ErrorKind.NOT_FOUND)
        return views.thumbnails

    async def image(self, thumbnails: Preview, pool: DecodePool, *, width: int, kind: str, quality: int) -> MediaObject:
        """A picture at most `width` pixels wide, and never wider than the frame that was kept.

        `kind` is one of FORMATS. Raises `images.not-offered` for what is not in the lists, `images.busy`.
        """
        if width not in WIDTHS or quality not in QUALITIES or kind not in FORMATS:
            raise CutroomError(
                "images.not-offered",
                f"Pictures are not made {width} pixels wide at quality {quality}.",
                hint=f"Widths are {', '.join(map(str, WIDTHS))}; qualities {', '.join(map(str, QUALITIES))}.",
            )
        kept = max(thumbnails.detail["widths"])
        width = min(width, kept)
        key = f"{thumbnails.prefix}/image-{width}-{quality}.{kind}"
        if not await asyncio.to_thread(self._stands, key):
            await self._once(key, f"{thumbnails.prefix}/thumb-{kept}.jpg", pool, width, quality)
        return MediaObject(key=key, media_type=MEDIA_TYPES[kind], immutable=True)

    def _stands(self, key: str) -> bool:
        return self._store.local_path(key).exists() or (self._store.remote and self._store.stat(key) is not None)

    async def _once(self, key: str, source: str, pool: DecodePool, width: int, quality: int) -> None:
        making = self._making.get(key)
        if making is None:
            if len(self._making) >= _MOST_WAITING:
                raise CutroomError(
                    "images.busy",
                    "Too many pictures are being made at the moment.",
                    hint="Ask again in a moment, or take one of the video's thumbnails.",
                    kind=ErrorKind.TOO_MANY,
                )
            making = self._making[key] = asyncio.create_task(self._make(key, source, pool, width, quality))
            making.add_done_callback(lambda _: self._making.pop(key, None))
        # One who leaves must not take the picture away from the others.
        await asyncio.shield(making)

    async def _make(self, key: str, source: str, pool: DecodePool, width: int, quality: int) -> None:
        path = await asyncio.to_thread(self._store.fetch, source)
        with TemporaryDirectory(prefix="stream-image-", dir=self._scratch) as folder:
            output = Path(folder) / f"image.{key.rpartition('.')[2]}"
            arguments = {"source": str(path), "output": str(output), "width": width, "quality": quality}
            await pool.run("cutroom.proxies.previews:resize_image", arguments, deadline_seconds=_SECONDS)
            await asyncio.to_thread(self._put, key, output)

    def _put(self, key: str, output: Path) -> None:
        self._store.put_once(key, output.read_bytes())
