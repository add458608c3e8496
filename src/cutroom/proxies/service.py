"""The proxies' verbs: ask for a ladder and previews, look up what is to be served."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.core.ids import new_id
from cutroom.db.engine import Transaction
from cutroom.jobs.models import PREVIEW, PROXY, NewJob
from cutroom.jobs.service import JobService
from cutroom.library.models import ProxyState, Summary, Video
from cutroom.library.service import LibraryService
from cutroom.proxies import store as rows
from cutroom.proxies.models import AssetViews, MediaObject, Preview, PreviewKind, Proxy, Recipe, job_key, ladder_prefix
from cutroom.proxies.recipe import recipe_hash
from cutroom.storage.port import ObjectStore

MEDIA_TYPES = {
    "m3u8": "application/vnd.apple.mpegurl",
    "m4s": "video/iso.segment",
    "mp4": "video/mp4",
    "avif": "image/avif",
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "json": "application/json",
    "dat": "application/octet-stream",
    "vtt": "text/vtt",
}
"""Types of derived files by their ending; no other ending is served."""


class ProxyService:
    """Ladders, thumbnails, sprites and peaks of assets."""

    def __init__(
        self,
        *,
        library: LibraryService,
        jobs: JobService,
        store: ObjectStore,
        recipe: Recipe,
        spread_seconds: float | None = None,
    ) -> None:
        """`recipe` is what new ladders are made by; footage of at least `spread_seconds` is encoded in parts."""
        self._library = library
        self._jobs = jobs
        self._store = store
        self._spread_seconds = spread_seconds
        self.recipe = recipe
        self.recipe_hash = recipe_hash(recipe)

    async def views(self, conn: AsyncConnection, asset_ids: Collection[str]) -> dict[str, AssetViews]:
        """The previews of many assets in one query, by asset id; an asset without any has no entry."""
        if not asset_ids:
            return {}
        found: dict[str, dict[str, Preview]] = {}
        for preview in await rows.previews_of(conn, asset_ids):
            found.setdefault(preview.asset_id, {})[preview.kind.value] = preview
        return {asset_id: AssetViews(**kinds) for asset_id, kinds in found.items()}

    async def playback(self, conn: AsyncConnection, asset_id: str) -> Proxy | None:
        """The ladder to play, of today's recipe when there is one; its `playlist_key` may still be None."""
        found = await rows.of_asset(conn, asset_id)
        # One of an older recipe that plays is better than one of today's that does not yet.
        return min(
            found,
            key=lambda proxy: (proxy.playlist_key is None, proxy.recipe != self.recipe_hash),
            default=None,
        )

    async def media(self, conn: AsyncConnection, video: Video, name: str) -> MediaObject:
        """What `/api/videos/{id}/media/{name}` serves; raises `media.not-found`.

        Names: `thumbnails/{file}`, `sprite/{file}`, `peaks.dat`, `peaks.json`, `pts`, `hls/{playlist or segment}`.
        """
        room, _, rest = name.partition("/")
        if room == "hls" or name == "pts":
            return await self._ladder_object(conn, video, name, rest)
        kind, file = (PreviewKind.PEAKS, name) if name in {"peaks.dat", "peaks.json"} else (_KINDS.get(room), rest)
        views = (await self.views(conn, {video.asset_id})).get(video.asset_id, AssetViews())
        preview = getattr(views, kind.value) if kind is not None else None
        if preview is None or not file:
            raise _no_media(video, name)
        return _object(video, name, f"{preview.prefix}/{file}", immutable=True)

    async def enqueue_for(self, tx: Transaction, video: Video, *, priority: int | None = None) -> None:
        """Ask for the previews and the ladder that the video's asset lacks; a failed ladder is tried again."""
        if not video.playable:
            return
        views = (await self.views(tx.conn, {video.asset_id})).get(video.asset_id, AssetViews())
        if views.thumbnails is None:
            await self._enqueue(tx, video, "preview", f"Thumbnails of {video.name}", priority or PREVIEW)
        elif video.poster is None:
            await self._library.set_summary(tx, [video.id], Summary(poster=poster_key(views.thumbnails)))
        proxy = await rows.of_recipe(tx.conn, video.asset_id, self.recipe_hash)
        state = ProxyState.READY if proxy is not None and proxy.state == "ready" else ProxyState.QUEUED
        spread = state is ProxyState.QUEUED and self._is_long(video)
        if state is ProxyState.QUEUED and not spread and (proxy is None or not proxy.whole):
            await self._enqueue(tx, video, "outline", f"Playlist of {video.name}", priority or PREVIEW)
        if state is ProxyState.QUEUED:
            if spread:
                await self._enqueue_spread(tx, video, priority)
            else:
                await self._enqueue(tx, video, "proxy", f"Proxy of {video.name}", priority or PROXY)
            if proxy is not None and proxy.state == "encoding" and proxy.playlist_key is not None:
                state = ProxyState.ENCODING
        elif views.sprite is None and proxy is not None and proxy.rungs:
            await self._enqueue(tx, video, "sprite", f"Sprite of {video.name}", priority or PREVIEW)
        if video.proxy_state is not state:
            await self._library.set_summary(tx, [video.id], Summary(proxy_state=state))

    async def preview_folders(self, conn: AsyncConnection, folders: Collection[str]) -> set[str]:
        """Those of these folders of previews that are shown."""
        found = await rows.previews_of(conn, {folder.split("/")[1] for folder in folders if "/" in folder})
        return {preview.prefix for preview in found} & set(folders)

    async def ladder_folders(self, conn: AsyncConnection, folders: Collection[str]) -> set[str]:
        """Those of these folders of ladders that belong to one; what an asset still waits for counts too."""
        found: set[str] = set()
        for asset_id in {folder.split("/")[1] for folder in folders if "/" in folder}:
            found |= {ladder_prefix(asset_id, proxy.recipe) for proxy in await rows.of_asset(conn, asset_id)}
        return found & set(folders)

    async def count_older(self, conn: AsyncConnection, before: int) -> int:
        """How many ladders were finished before an instant."""
        return await rows.count_finished(conn, before)

    async def expire(self, tx: Transaction, before: int, *, limit: int) -> int:
        """Remove some ladders that were finished before an instant; whoever opens the video has it made again."""
        found = await rows.finished(tx.conn, before, limit=limit)
        for proxy in found:
            await rows.forget_ladder(tx.conn, proxy.id)
            prefix = ladder_prefix(proxy.asset_id, proxy.recipe)
            showing = [video.id for video in await self._library.of_asset(tx.conn, proxy.asset_id)]
            await self._library.set_summary(tx, showing, Summary(proxy_state=ProxyState.NONE))
            self._remove_later(tx, prefix)
        return len(found)

    def _remove_later(self, tx: Transaction, prefix: str) -> None:
        async def remove() -> None:
            await asyncio.to_thread(self._store.delete_prefix, prefix)

        tx.after_commit(remove)

    async def asset_changed(self, tx: Transaction, video: Video) -> None:
        """The video shows another asset now, of which it takes over what there is and asks for what there is not."""
        poster = Summary(poster=None, proxy_state=ProxyState.NONE)
        await self._library.set_summary(tx, [video.id], poster)
        await self.enqueue_for(tx, await self._library.get(tx.conn, video.id, viewer=None))

    async def asset_deleting(self, tx: Transaction, asset_id: str) -> None:
        """Nobody shows the asset any more: its rows go now, its objects once that is committed."""
        await rows.forget(tx.conn, asset_id)
        for kind in ("preview", "outline", "proxy", "sound", "fill", "sprite", "peaks"):
            await self._jobs.cancel_key(tx, job_key(kind, asset_id, self.recipe_hash))
        self.remove_objects(tx, asset_id)

    def remove_objects(self, tx: Transaction, asset_id: str) -> None:
        """Remove everything derived of an asset once the transaction is committed."""

        async def remove() -> None:
            for prefix in (f"proxies/{asset_id}", f"previews/{asset_id}"):
                await asyncio.to_thread(self._store.delete_prefix, prefix)

        tx.after_commit(remove)

    def _is_long(self, video: Video) -> bool:
        return self._spread_seconds is not None and (video.duration or 0) >= self._spread_seconds

    async def _enqueue_spread(self, tx: Transaction, video: Video, priority: int | None) -> None:
        """The ladder waits for its outline, whose end makes it wait for the parts too (`proxies.spreading`)."""
        proxy = await self._jobs.with_key(tx.conn, job_key("proxy", video.asset_id, self.recipe_hash))
        if proxy is None:
            whole = self._new(video, "proxy", f"Proxy of {video.name}", priority or PROXY)
            plan = self._new(video, "outline", f"Playlist of {video.name}", priority or PREVIEW)
            plan = msgspec.structs.replace(plan, id=new_id("job"))
            assert plan.id is not None
            whole = msgspec.structs.replace(whole, payload={**whole.payload, "spread": True}, needs=(plan.id,))
            await self._jobs.enqueue_many(tx, [plan, whole])
        elif priority is not None:
            await self._jobs.prioritise(tx, proxy.subject, priority)

    async def _enqueue(self, tx: Transaction, video: Video, kind: str, title: str, priority: int) -> None:
        new = self._new(video, kind, title, priority)
        await self._jobs.enqueue(tx, **{name: getattr(new, name) for name in _ENQUEUED})

    def _new(self, video: Video, kind: str, title: str, priority: int) -> NewJob:
        return NewJob(
            kind=kind,
            payload={"video_id": video.id, "asset_id": video.asset_id},
            subject=video.id,
            title=title,
            owner_id=None if video.audience == "*" else video.audience,
            priority=priority,
            idempotency_key=job_key(kind, video.asset_id, self.recipe_hash),
        )

    async def _ladder_object(self, conn: AsyncConnection, video: Video, name: str, rest: str) -> MediaObject:
        proxy = await self.playback(conn, video.asset_id)
        if proxy is None or proxy.playlist_key is None:
            raise _no_media(video, name)
        prefix = ladder_prefix(proxy.asset_id, proxy.recipe)
        ready = proxy.state == "ready"
        if name == "pts":
            file = (proxy.timing or {}).get("pts")
            if file is None:
                raise _no_media(video, name)
            return _object(video, name, f"{prefix}/{file}", immutable=ready)
        playlist = rest.endswith(".m3u8")
        return _object(video, name, f"{prefix}/{rest}", immutable=ready or not playlist)


def poster_key(thumbnails: Preview) -> str | None:
    """The object key of the smallest JPEG, which is the poster of a list row."""
    widths = thumbnails.detail.get("widths") or []
    return f"{thumbnails.prefix}/thumb-{min(widths)}.jpg" if widths else None


_ENQUEUED = ("kind", "payload", "subject", "title", "owner_id", "priority", "idempotency_key")
_KINDS = {"thumbnails": PreviewKind.THUMBNAILS, "sprite": PreviewKind.SPRITE}


def _object(video: Video, name: str, key: str, *, immutable: bool) -> MediaObject:
    media_type = MEDIA_TYPES.get(key.rpartition(".")[2])
    if media_type is None:
        raise _no_media(video, name)
    return MediaObject(key=key, media_type=media_type, immutable=immutable)


def _no_media(video: Video, name: str) -> CutroomError:
    return CutroomError("media.not-found", f"{video.name} has no {name!r}, or not yet.", kind=ErrorKind.NOT_FOUND)
