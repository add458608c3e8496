"""Segments that a player asks for before they are made: wanted, waited for, and handed out.

Requests for one segment share one wait in a process and one wish between processes. The wish is served by a `fill` job,
which has slots of its own; sound comes from a `sound` job, which makes all of it in one go.
"""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cutroom.core.errors import CutroomError, ErrorDocument, ErrorKind
from cutroom.db.engine import Database
from cutroom.jobs.models import URGENT, JobState
from cutroom.jobs.service import JobService
from cutroom.library.models import Video
from cutroom.media.ladder.layout import OUTLINE, STILLS
from cutroom.proxies import store as rows
from cutroom.proxies import wanted
from cutroom.proxies.models import WHOLE, MediaObject, job_key
from cutroom.storage.port import ObjectStore

if TYPE_CHECKING:
    from cutroom.media.ladder.outline import Outline

WAIT_SECONDS = 30.0
"""How long one request waits; then it is told to ask again. A player that gives up sooner asks again by itself."""
_LOOK_SECONDS = 0.015
_ENSURE_SECONDS = (
    wanted.TOUCH_SECONDS
)  # between two looks at the job: one that was about to end when the wish came is queued again
_MOST_OUTLINES = 64
_KINDS = {
    "media.not-found": ErrorKind.NOT_FOUND,
    "media.changed": ErrorKind.CONFLICT,
    "storage.full": ErrorKind.NO_SPACE,
}
_KEY = re.compile(r"(proxies/[^/]+/[^/]+)/(audio/)?(\d+)/(?:init\.mp4|(\d{5,9})\.m4s)")


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """What a key names."""

    prefix: str
    track: str
    sound: bool
    cell: int | None  # None: the init segment


class OnDemand:
    """One in each server process."""

    def __init__(self, *, database: Database, jobs: JobService, store: ObjectStore) -> None:
        self._database = database
        self._jobs = jobs
        self._store = store
        self._outlines: dict[str, Outline] = {}
        self._waits: dict[str, tuple[asyncio.Task[Path], int]] = {}

    async def make(self, video: Video, wanted_object: MediaObject) -> Path:
        """The file behind a segment's key, once it is made; the request's being cancelled ends its part in the wait.

        Raises `media.not-found` for what no outline lists, `media.not-yet` after `WAIT_SECONDS`, and what making it
        raised.
        """
        place = _place(wanted_object.key)
        if place is None or not await self._listed(place):
            raise _missing(video)
        key = wanted_object.key
        task, waiting = self._waits.get(key) or (asyncio.create_task(self._wait(video, key, place)), 0)
        self._waits[key] = (task, waiting + 1)
        try:
            return await asyncio.shield(task)
        finally:
            self._leave(key)

    def _leave(self, key: str) -> None:
        task, waiting = self._waits[key]
        if waiting > 1:
            self._waits[key] = (task, waiting - 1)
        else:
            del self._waits[key]
            task.cancel()  # nobody waits any more; a no-op when it has ended

    async def _listed(self, place: _Place) -> bool:
        outline = self._outlines.get(place.prefix)
        if outline is None:
            try:
                path = await asyncio.to_thread(self._store.fetch, f"{place.prefix}/{WHOLE}/{OUTLINE}")
                outline = await asyncio.to_thread(_read_outline, path)
            except (OSError, msgspec.DecodeError, CutroomError):
                return False
            while len(self._outlines) >= _MOST_OUTLINES:
                del self._outlines[next(iter(self._outlines))]
            self._outlines[place.prefix] = outline
        if place.sound:
            return any(str(sound.index) == place.track for sound in outline.sounds)
        known = any(rung.name == place.track for rung in outline.rungs)
        return known and place.cell is not None and outline.frames_in(place.cell) != 0

    async def _wait(self, video: Video, key: str, place: _Place) -> Path:
        path = self._store.local_path(key)
        still = self._store.local_path(f"{place.prefix}/{STILLS}{key.removeprefix(place.prefix)}")
        until = time.monotonic() + WAIT_SECONDS
        ensured, job_id = 0.0, None
        while time.monotonic() < until:
            if time.monotonic() - ensured > _ENSURE_SECONDS:
                await asyncio.to_thread(self._ask, place)
                job_id = await self._ensure(video, place, job_id)
                ensured = time.monotonic()
                if self._store.remote and await asyncio.to_thread(self._store.stat, key) is not None:
                    return await asyncio.to_thread(self._store.fetch, key)
            for found in (path, still):
                if found.exists():
                    return found
            await asyncio.sleep(_LOOK_SECONDS)
        raise CutroomError(
            "media.not-yet",
            f"This part of {video.name} is still being made.",
            hint="Ask again in a moment.",
            kind=ErrorKind.UNAVAILABLE,
        )

    def _ask(self, place: _Place) -> None:
        if place.sound or place.cell is None:
            return
        folder = self._store.local_path(f"{place.prefix}/{wanted.FOLDER}")
        refused = wanted.refusal(folder, place.track, place.cell)
        if refused is not None:
            raise refused
        wanted.ask(folder, place.track, place.cell)

    async def _ensure(self, video: Video, place: _Place, job_id: str | None) -> str | None:
        """Make sure that a job is at it. Raises what its last attempt failed with."""
        _, asset_id, recipe = place.prefix.split("/")
        async with self._database.transaction() as tx:
            if job_id is not None:
                job = await self._jobs.get(tx.conn, job_id)
                if job.state is JobState.FAILED and job.error is not None:
                    raise _failed(job.error)
                if not job.state.over:
                    return job_id
            proxy = await rows.of_recipe(tx.conn, asset_id, recipe)
            if proxy is None:
                raise _missing(video)
            return await self._jobs.enqueue(
                tx,
                kind="sound" if place.sound else "fill",
                payload={"video_id": video.id, "asset_id": asset_id, "recipe": recipe},
                subject=proxy.id,
                title=f"Sound of {video.name}" if place.sound else f"Playing {video.name}",
                owner_id=video.page_owner,
                priority=URGENT,
                idempotency_key=job_key("sound" if place.sound else "fill", asset_id, recipe),
            )


def _failed(error: ErrorDocument) -> CutroomError:
    return CutroomError(error.code, error.message, hint=error.hint, kind=_KINDS.get(error.code, ErrorKind.FAILED))


def _place(key: str) -> _Place | None:
    parts = _KEY.fullmatch(key)
    if parts is None:
        return None
    cell = None if parts[4] is None else int(parts[4])
    return _Place(prefix=parts[1], track=parts[3], sound=parts[2] is not None, cell=cell)


def _missing(video: Video) -> CutroomError:
    message = f"{video.name} has no such part, or not yet."
    return CutroomError("media.not-found", message, kind=ErrorKind.NOT_FOUND)


def _read_outline(path: Path) -> Outline:
    from cutroom.media.ladder.whole import read_outline  # with the decoders, which most commands never need

    return read_outline(path)
