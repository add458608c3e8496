"""A ladder that is encoded in parts: runs of segments that any worker takes, and the waveform beside them.

The job `proxy` waits for its outline; when that is published, it is made to wait for the parts as well:

    outline ──► segments 0–14, segments 15–29, …, sound, peaks ──► proxy (puts the ladder together)
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from cutroom.core import clock
from cutroom.db.engine import Transaction
from cutroom.jobs.models import Job, JobKind, JobState, NewJob
from cutroom.jobs.service import JobService
from cutroom.library.service import LibraryService
from cutroom.media.ladder.layout import OUTLINE
from cutroom.proxies import store as rows
from cutroom.proxies.models import WHOLE, Preview, PreviewKind, attempt_prefix, job_key, ladder_prefix
from cutroom.proxies.service import ProxyService
from cutroom.proxies.sources import gone, local_source
from cutroom.storage.port import ObjectStore

PART_CELLS = 15
"""Segments in a part: a minute of footage, which is what a lost worker costs."""
MOST_PARTS = 240
"""Of one ladder; the parts of footage longer than four hours are longer."""
PEAKS_SECONDS = 1_800.0


def kinds(service: ProxyService, library: LibraryService, store: ObjectStore, *, max_attempts: int) -> list[JobKind]:
    """The kinds `segments` and `peaks`."""
    tasks = _Tasks(service, library, store)
    return [
        JobKind(
            name="segments",
            queue="encode",
            target="cutroom.proxies.parts:encode_range",
            prepare=tasks.prepare_segments,
            publish=tasks.publish_segments,
            reads=lambda arguments: [arguments["source"], arguments["outline"]],
            writes=lambda arguments: [arguments["segments_dir"]],
            max_attempts=max_attempts,
        ),
        JobKind(
            name="peaks",
            queue="preview",
            target="cutroom.proxies.previews:build_peaks",
            prepare=tasks.prepare_peaks,
            publish=tasks.publish_peaks,
            reads=lambda arguments: [arguments["source"]],
            deliver=tasks.deliver_peaks,
            max_attempts=max_attempts,
            deadline_seconds=PEAKS_SECONDS,
        ),
    ]


async def fan_out(tx: Transaction, jobs: JobService, outline: Job, recipe: str, cells: list[int]) -> int:
    """Make the ladder that waits for this outline wait for its parts too; how many there are, 0 when none waits."""
    asset_id = outline.payload["asset_id"]
    whole = await jobs.with_key(tx.conn, job_key("proxy", asset_id, recipe))
    if whole is None or not whole.payload.get("spread") or whole.state not in (JobState.WAITING, JobState.PAUSED):
        return 0
    asked = [_part(whole, recipe, kind, title, more) for kind, title, more in _parts(whole, cells)]
    await jobs.add_needs(tx, whole.id, asked)
    return len(asked)


def ranges(cells: list[int], count: int) -> list[tuple[int, int]]:
    """First and last of about `count` runs of equal length that together are all these cells."""
    size = max(1, -(-len(cells) // count))
    return [(cells[at], cells[min(at + size, len(cells)) - 1]) for at in range(0, len(cells), size)]


def _parts(whole: Job, cells: list[int]) -> list[tuple[str, str, dict[str, Any]]]:
    """Kind, title and payload of each part, in the order in which they are to be begun."""
    name = whole.title.removeprefix("Proxy of ")
    runs = ranges(cells, min(MOST_PARTS, -(-len(cells) // PART_CELLS)))
    made: list[tuple[str, str, dict[str, Any]]] = [("sound", f"Sound of {name}", {})]
    for number, (first, last) in enumerate(runs, 1):
        made.append(("segments", f"Part {number} of {len(runs)} of {name}", {"first": first, "last": last}))
    return [*made, ("peaks", f"Waveform of {name}", {})]


def _part(whole: Job, recipe: str, kind: str, title: str, more: dict[str, Any]) -> NewJob:
    asset_id = whole.payload["asset_id"]
    key = job_key(kind, asset_id, recipe)
    return NewJob(
        kind=kind,
        payload={"video_id": whole.payload["video_id"], "asset_id": asset_id, "recipe": recipe, **more},
        subject=whole.subject,
        title=title,
        owner_id=whole.owner_id,
        priority=whole.priority,
        idempotency_key=f"{key}:{more['first']}" if more else key,
        parent_id=whole.id,
    )


class _Tasks:
    def __init__(self, service: ProxyService, library: LibraryService, store: ObjectStore) -> None:
        self._service = service
        self._library = library
        self._store = store

    async def prepare_segments(self, tx: Transaction, job: Job) -> dict[str, Any] | None:
        """None when the asset has gone or its ladder stands."""
        asset_id, recipe = job.payload["asset_id"], job.payload["recipe"]
        known = await rows.of_recipe(tx.conn, asset_id, recipe)
        if known is None or known.state == "ready":
            return None
        source = await local_source(self._library, tx, job)
        if source is None:
            raise gone()
        prefix = ladder_prefix(asset_id, recipe)
        return {
            "source": source.for_child(job.folder),
            "segments_dir": str(self._store.local_path(prefix)),
            "outline": str(self._store.local_path(f"{prefix}/{WHOLE}/{OUTLINE}")),
            "first": job.payload["first"],
            "last": job.payload["last"],
        }

    async def publish_segments(self, tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any] | None:
        """The segments stand already; those of a video that has been deleted meanwhile go."""
        if not await self._library.of_asset(tx.conn, job.payload["asset_id"]):
            self._service.remove_objects(tx, job.payload["asset_id"])
        return result

    async def prepare_peaks(self, tx: Transaction, job: Job) -> dict[str, Any] | None:
        """None when the asset has gone or has its waveform."""
        asset_id = job.payload["asset_id"]
        views = (await self._service.views(tx.conn, {asset_id})).get(asset_id)
        source = await local_source(self._library, tx, job)
        if source is None or (views is not None and views.peaks is not None):
            return None
        return {"source": source.for_child(job.folder), "output_dir": str(job.folder / "peaks")}

    async def deliver_peaks(self, job: Job, arguments: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        """Move the files into the store, under a prefix of this attempt; nothing for footage without sound."""
        if result:
            await asyncio.to_thread(self._adopt_files, Path(arguments["output_dir"]), self._peaks(job))
        return result

    def _adopt_files(self, folder: Path, prefix: str) -> None:
        for path in sorted(folder.iterdir()):
            self._store.adopt(f"{prefix}/{path.name}", path)

    def _peaks(self, job: Job) -> str:
        return attempt_prefix(job.payload["asset_id"], self._service.recipe_hash, job.id, job.fence)

    async def publish_peaks(self, tx: Transaction, job: Job, result: dict[str, Any]) -> dict[str, Any] | None:
        """Show the waveform."""
        asset_id = job.payload["asset_id"]
        if not result or not await self._library.of_asset(tx.conn, asset_id):
            return None
        preview = Preview(
            asset_id=asset_id, kind=PreviewKind.PEAKS, prefix=self._peaks(job), detail=result, created_at=clock.now()
        )
        await rows.put_preview(tx.conn, preview)
        return {"length": result["length"]}
