"""The job kinds of proxies: what a child is given, and what its result changes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from cutroom.core import clock
from cutroom.core.errors import ErrorDocument
from cutroom.db.engine import Transaction
from cutroom.jobs.models import Job, JobKind, JobState
from cutroom.jobs.service import JobService
from cutroom.library.models import ProxyState, Summary, Video
from cutroom.library.service import LibraryService
from cutroom.media.ladder.layout import OUTLINE
from cutroom.proxies import store as rows
from cutroom.proxies.models import WHOLE, Preview, PreviewKind, attempt_prefix, ladder_prefix
from cutroom.proxies.service import ProxyService, poster_key
from cutroom.proxies.sources import local_source
from cutroom.storage.port import ObjectStore

THUMBNAIL_SECONDS = 120.0
"""A few keyframes: what takes longer has hung."""

SPRITE_SECONDS = 600.0
"""A keyframe of a small rung for each ten seconds of footage."""


def kinds(
    service: ProxyService, library: LibraryService, store: ObjectStore, jobs: JobService, *, max_attempts: int
) -> list[JobKind]:
    """The kinds `preview` (thumbnails), `proxy` (ladder, sprite and peaks in one decode), `sprite` (of a ladder)."""
    tasks = _Tasks(service, library, store, jobs)
    return [
        JobKind(
            name="preview",
            queue="preview",
            target="cutroom.proxies.previews:build_thumbnails",
            prepare=tasks.prepare_preview,
            publish=tasks.publish_preview,
            reads=lambda arguments: [arguments["source"]],
            deliver=tasks.deliver,
            max_attempts=max_attempts,
            deadline_seconds=THUMBNAIL_SECONDS,
        ),
        JobKind(
            name="sprite",
            queue="preview",
            target="cutroom.proxies.previews:build_sprite_of_rung",
            prepare=tasks.prepare_sprite,
            publish=tasks.publish_sprite,
            reads=lambda arguments: _rung(Path(arguments["playlist"])),
            deliver=tasks.deliver,
            max_attempts=max_attempts,
            deadline_seconds=SPRITE_SECONDS,
        ),
        JobKind(
            name="proxy",
            queue="encode",
            target="cutroom.proxies.parts:finish_ladder",
            prepare=tasks.prepare_proxy,
            progress=tasks.proxy_progress,
            publish=tasks.publish_proxy,
            reads=_ladder_reads,
            writes=lambda arguments: [arguments["segments_dir"]],
            deliver=tasks.deliver,
            failed=tasks.proxy_failed,
            encoders=("libx264", "aac"),
            max_attempts=max_attempts,
        ),
    ]


class _Tasks:
    def __init__(self, service: ProxyService, library: LibraryService, store: ObjectStore, jobs: JobService) -> None:
        self._service = service
        self._library = library
        self._store = store
        self._jobs = jobs

    async def prepare_preview(self, tx: Transaction, job: Job) -> dict[str, Any] | None:
        """None when the asset has gone or has its thumbnails."""
        asset_id = job.payload["asset_id"]
        views = (await self._service.views(tx.conn, {asset_id})).get(asset_id)
        found = await local_source(self._library, tx, job)
        if found is None or (views is not None and views.thumbnails is not None):
            return None
        return {"source": found.for_child(job.folder), "output_dir": str(job.folder / "thumbnails")}

    async def deliver(self, job: Job, arguments: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        """Move the pictures and peaks into the store, under a prefix of this attempt."""
        folder = Path(arguments.get("previews_dir") or arguments["output_dir"])
        await asyncio.to_thread(self._adopt_files, folder, self._prefix(job))
        return result

    async def publish_preview(self, tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any] | None:
        """Show the poster."""
        asset_id = job.payload["asset_id"]
        showing = await self._library.of_asset(tx.conn, asset_id)
        if not showing:
            self._service.remove_objects(tx, asset_id)
            return None
        preview = await self._show(tx, job, PreviewKind.THUMBNAILS, result)
        await self._library.set_summary(tx, _ids(showing), Summary(poster=poster_key(preview)))
        return {"widths": result.get("widths"), "formats": result.get("formats")}

    async def prepare_sprite(self, tx: Transaction, job: Job) -> dict[str, Any] | None:
        """None when the asset has gone, has its sprite, or has no rung to take it from."""
        asset_id = job.payload["asset_id"]
        views = (await self._service.views(tx.conn, {asset_id})).get(asset_id)
        proxy = await self._service.playback(tx.conn, asset_id)
        showing = await self._library.of_asset(tx.conn, asset_id)
        if not showing or (views is not None and views.sprite is not None):
            return None
        if proxy is None or proxy.state != "ready" or proxy.playlist_key is None or not proxy.rungs:
            return None
        lowest = min(rung["height"] for rung in proxy.rungs)
        length = showing[0].duration
        return {
            "playlist": str(self._store.local_path(proxy.playlist_key).parent / f"{lowest}.m3u8"),
            "output_dir": str(job.folder / "sprite"),
            "duration": f"{length.numerator}/{length.denominator}" if length is not None else None,
        }

    async def publish_sprite(self, tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any] | None:
        """Show the sheets and tell the pages."""
        asset_id = job.payload["asset_id"]
        showing = await self._library.of_asset(tx.conn, asset_id)
        if not showing:
            self._service.remove_objects(tx, asset_id)
        if not showing or not result:
            return None
        await self._show(tx, job, PreviewKind.SPRITE, result)
        await self._library.set_summary(tx, _ids(showing), Summary(proxy_state=ProxyState.READY))
        return {"tiles": result.get("count")}

    async def prepare_proxy(self, tx: Transaction, job: Job) -> dict[str, Any] | None:
        """None when the asset has gone or its ladder stands."""
        asset_id, recipe = job.payload["asset_id"], self._service.recipe_hash
        known = await rows.of_recipe(tx.conn, asset_id, recipe)
        found = await local_source(self._library, tx, job)
        if found is None or (known is not None and known.state == "ready"):
            return None
        await rows.begin(tx.conn, asset_id, recipe)
        prefix = ladder_prefix(asset_id, recipe)
        return {
            "source": found.for_child(job.folder),
            "segments_dir": str(self._store.local_path(prefix)),
            "playlist_dir": str(self._store.local_path(f"{prefix}/attempt-{job.fence}")),
            "previews_dir": str(job.folder / "previews"),
            **await self._in_parts(tx, job, prefix),
            "heights": self._service.recipe.heights,
            "quality": self._service.recipe.quality,
            "segment_seconds": str(self._service.recipe.segment_seconds),
        }

    async def _in_parts(self, tx: Transaction, job: Job, prefix: str) -> dict[str, Any]:
        """Where the outline is of a ladder whose parts were made apart, and what their sound was like."""
        if not job.payload.get("spread"):
            return {}
        needed = [await self._jobs.get(tx.conn, one) for one in await self._jobs.needs(tx.conn, job.id)]
        sounds = [one.result or {} for one in needed if one.kind == "sound"]
        return {
            "outline": str(self._store.local_path(f"{prefix}/{WHOLE}/{OUTLINE}")),
            "damaged_packets": sum(sound.get("damaged_packets", 0) for sound in sounds),
        }

    async def proxy_progress(self, tx: Transaction, job: Job, event: dict[str, Any]) -> None:
        """The first segments stand: the video can be played as far as the ladder has come."""
        if event.get("event") != "playable":
            return
        asset_id = job.payload["asset_id"]
        known = await rows.of_recipe(tx.conn, asset_id, self._service.recipe_hash)
        if known is None or not known.whole:  # else more can be played already than this one lists
            values = {"playlist_key": self._playlist(job, "master.m3u8"), "rungs": event.get("rungs", [])}
            await rows.change(tx.conn, asset_id, self._service.recipe_hash, values)
        showing = await self._library.of_asset(tx.conn, asset_id)
        await self._library.set_summary(tx, _ids(showing), Summary(proxy_state=ProxyState.ENCODING))

    async def publish_proxy(self, tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any] | None:
        """Point at the finished ladder; its segments have stood since they were made."""
        asset_id, recipe = job.payload["asset_id"], self._service.recipe_hash
        showing = await self._library.of_asset(tx.conn, asset_id)
        if not showing:
            self._service.remove_objects(tx, asset_id)
            return None
        for kind in (PreviewKind.SPRITE, PreviewKind.PEAKS):
            if result.get(kind.value) is not None:
                await self._show(tx, job, kind, result[kind.value])
        values = {
            "state": "ready",
            "playlist_key": self._playlist(job, result["master"]),
            "rungs": result["rungs"],
            "timing": result["timing"],
            "size_bytes": result["bytes"],
            "finished_at": clock.now(),
            "error": None,
        }
        await rows.change(tx.conn, asset_id, recipe, values)
        await self._library.set_summary(tx, _ids(showing), Summary(proxy_state=ProxyState.READY))
        if job.payload.get("spread"):
            await self._service.enqueue_for(tx, showing[0])  # what a pass would have made beside the ladder
        tx.after_commit(lambda: asyncio.to_thread(self._drop_older_attempts, asset_id, job.fence))
        return {name: result[name] for name in ("frames", "segments", "bytes", "damaged_packets", "notes")}

    async def proxy_failed(self, tx: Transaction, job: Job, error: ErrorDocument) -> None:
        """Say on the page that there is no ladder, and why."""
        asset_id = job.payload["asset_id"]
        values = {"state": "failed", "error": msgspec.to_builtins(error)}
        await rows.change(tx.conn, asset_id, self._service.recipe_hash, values)
        showing = await self._library.of_asset(tx.conn, asset_id)
        if not showing:
            # The child has ended only now, so what it wrote after the deletion goes too.
            self._service.remove_objects(tx, asset_id)
            return
        state = ProxyState.NONE if job.state is JobState.CANCELLED else ProxyState.FAILED
        await self._library.set_summary(tx, _ids(showing), Summary(proxy_state=state))

    async def _show(self, tx: Transaction, job: Job, kind: PreviewKind, detail: dict[str, Any]) -> Preview:
        """Write the row of what `deliver` has moved into the store."""
        preview = Preview(
            asset_id=job.payload["asset_id"],
            kind=kind,
            prefix=self._prefix(job),
            detail=detail,
            created_at=clock.now(),
        )
        await rows.put_preview(tx.conn, preview)
        return preview

    def _prefix(self, job: Job) -> str:
        return attempt_prefix(job.payload["asset_id"], self._service.recipe_hash, job.id, job.fence)

    def _adopt_files(self, folder: Path, prefix: str) -> None:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            self._store.adopt(f"{prefix}/{path.name}", path)

    def _playlist(self, job: Job, name: str) -> str:
        prefix = ladder_prefix(job.payload["asset_id"], self._service.recipe_hash)
        return f"{prefix}/attempt-{job.fence}/{name}"

    def _drop_older_attempts(self, asset_id: str, fence: int) -> None:
        prefix = ladder_prefix(asset_id, self._service.recipe_hash)
        for older in range(1, fence):
            self._store.delete_prefix(f"{prefix}/attempt-{older}")


def _ladder_reads(arguments: dict[str, Any]) -> list[str]:
    """The original, and the parts of a ladder that others have made."""
    return [arguments["source"], *([arguments["segments_dir"]] if "outline" in arguments else [])]


def _rung(playlist: Path) -> list[str]:
    """A rung's playlist, and the folder of its segments."""
    return [str(playlist), str(playlist.parent.parent / playlist.stem)]


def _ids(videos: Sequence[Video]) -> list[str]:
    return [video.id for video in videos]
