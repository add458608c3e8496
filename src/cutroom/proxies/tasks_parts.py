"""The job kinds that make a video playable before its ladder is: outline, sound, and segments on demand."""

from __future__ import annotations

from typing import Any

from cutroom.db.engine import Transaction
from cutroom.jobs.models import Job, JobKind
from cutroom.jobs.service import JobService
from cutroom.library.models import ProxyState, Summary
from cutroom.library.service import LibraryService
from cutroom.media.ladder.layout import MASTER, OUTLINE
from cutroom.proxies import store as rows
from cutroom.proxies import wanted
from cutroom.proxies.models import WHOLE, ladder_prefix
from cutroom.proxies.service import ProxyService
from cutroom.proxies.sources import gone, local_source
from cutroom.proxies.tasks_spread import fan_out
from cutroom.storage.port import ObjectStore

IDLE_SECONDS = 10.0
"""Without a wish, before a slot is given back."""
OUTLINE_SECONDS = 600.0
"""A file without an index is read whole, perhaps over a network."""


def kinds(
    service: ProxyService, library: LibraryService, store: ObjectStore, jobs: JobService, *, max_attempts: int
) -> list[JobKind]:
    """The kinds `outline`, `sound` and `fill`."""
    tasks = _Tasks(service, library, store, jobs)
    return [
        JobKind(
            name="outline",
            queue="inspect",
            target="cutroom.proxies.parts:outline_ladder",
            prepare=tasks.prepare_outline,
            publish=tasks.publish_outline,
            reads=lambda arguments: [arguments["source"]],
            writes=lambda arguments: [arguments["segments_dir"]],
            max_attempts=max_attempts,
            deadline_seconds=OUTLINE_SECONDS,
        ),
        JobKind(
            name="sound",
            queue="ondemand",
            target="cutroom.proxies.parts:encode_sounds",
            encoders=("aac",),
            prepare=tasks.prepare_sound,
            publish=tasks.publish_nothing,
            reads=lambda arguments: [arguments["source"], arguments["outline"]],
            writes=lambda arguments: [arguments["segments_dir"]],
            max_attempts=max_attempts,
        ),
        JobKind(
            name="fill",
            queue="ondemand",
            target="cutroom.proxies.fill:fill_segments",
            encoders=("libx264",),
            prepare=tasks.prepare_fill,
            publish=tasks.publish_nothing,
            reads=lambda arguments: [arguments["source"], arguments["outline"]],
            writes=lambda arguments: [arguments["segments_dir"]],
            max_attempts=max_attempts,
        ),
    ]


class _Tasks:
    def __init__(self, service: ProxyService, library: LibraryService, store: ObjectStore, jobs: JobService) -> None:
        self._service = service
        self._library = library
        self._store = store
        self._jobs = jobs

    async def prepare_outline(self, tx: Transaction, job: Job) -> dict[str, Any] | None:
        """None when the asset has gone, or its ladder can be played whole and nobody waits for its parts."""
        asset_id, recipe = job.payload["asset_id"], self._service.recipe
        known = await rows.of_recipe(tx.conn, asset_id, self._service.recipe_hash)
        source = await local_source(self._library, tx, job)
        played = known is not None and (known.state == "ready" or (known.whole and not job.needed))
        if source is None or played:
            return None
        prefix = ladder_prefix(asset_id, self._service.recipe_hash)
        return {
            "source": source.for_child(job.folder),
            "segments_dir": str(self._store.local_path(prefix)),
            "playlist_dir": str(self._store.local_path(f"{prefix}/{WHOLE}")),
            "heights": recipe.heights,
            "quality": recipe.quality,
            "segment_seconds": str(recipe.segment_seconds),
        }

    async def publish_outline(self, tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any] | None:
        """From here on every part of the video can be asked for."""
        asset_id, recipe = job.payload["asset_id"], self._service.recipe_hash
        showing = await self._library.of_asset(tx.conn, asset_id)
        if not showing:
            self._service.remove_objects(tx, asset_id)
            return None
        known = await rows.of_recipe(tx.conn, asset_id, recipe)
        if "rungs" not in result or (known is not None and known.state == "ready"):
            return None
        if known is None:
            await rows.begin(tx.conn, asset_id, recipe)
        key = f"{ladder_prefix(asset_id, recipe)}/{WHOLE}/{MASTER}"
        values = {"playlist_key": key, "rungs": result["rungs"], "timing": result["timing"]}
        await rows.change(tx.conn, asset_id, recipe, values)
        await self._library.set_summary(tx, [video.id for video in showing], Summary(proxy_state=ProxyState.ENCODING))
        parts = await fan_out(tx, self._jobs, job, recipe, result["cells"])
        return {"segments": len(result["cells"]), "parts": parts}

    async def prepare_sound(self, tx: Transaction, job: Job) -> dict[str, Any] | None:
        """The sound of an outlined ladder."""
        prefix = self._prefix(job)
        return {
            **await self._outlined(tx, job, prefix),
            "playlist_dir": str(self._store.local_path(f"{prefix}/sound")),
        }

    async def prepare_fill(self, tx: Transaction, job: Job) -> dict[str, Any] | None:
        """Segments of an outlined ladder, as they are asked for."""
        prefix = self._prefix(job)
        folder = self._store.local_path(f"{prefix}/{wanted.FOLDER}")
        return {**await self._outlined(tx, job, prefix), "wanted_dir": str(folder), "idle_seconds": IDLE_SECONDS}

    async def publish_nothing(self, tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any] | None:
        """The segments stand already; those of a video that has been deleted meanwhile go."""
        if not await self._library.of_asset(tx.conn, job.payload["asset_id"]):
            self._service.remove_objects(tx, job.payload["asset_id"])
        return result

    async def _outlined(self, tx: Transaction, job: Job, prefix: str) -> dict[str, Any]:
        source = await local_source(self._library, tx, job)
        if source is None:
            raise gone()
        return {
            "source": source.for_child(job.folder),
            "segments_dir": str(self._store.local_path(prefix)),
            "outline": str(self._store.local_path(f"{prefix}/{WHOLE}/{OUTLINE}")),
        }

    def _prefix(self, job: Job) -> str:
        return ladder_prefix(job.payload["asset_id"], job.payload["recipe"])
