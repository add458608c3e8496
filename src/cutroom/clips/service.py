"""The clips' verbs: ask for one, find it, delete it."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Collection, Sequence
from fractions import Fraction
from pathlib import PurePath

from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts.models import Principal, account_tag
from cutroom.clips import store as rows
from cutroom.clips.models import Clip, ClipPage, ClipState, CutMode, Range
from cutroom.clips.names import clip_name, container_for, safe_name
from cutroom.core import clock
from cutroom.core.cursors import from_cursor, to_cursor
from cutroom.core.errors import CutroomError, ErrorKind, not_found
from cutroom.core.ids import new_id
from cutroom.db.engine import Transaction
from cutroom.events import service as events
from cutroom.jobs.models import CLIP
from cutroom.jobs.service import JobService
from cutroom.library.models import Video
from cutroom.storage.port import ObjectStore

MAX_PADDING = Fraction(3600)
MAX_PAGE = 500


class ClipService:
    """Sub-ranges of videos, cut from the originals by jobs."""

    def __init__(self, *, jobs: JobService, store: ObjectStore) -> None:
        self._jobs = jobs
        self._store = store

    async def create(
        self,
        tx: Transaction,
        video: Video,
        *,
        in_frame: int,
        out_frame: int,
        mode: CutMode = CutMode.SMART,
        padding: Fraction = Fraction(0),
        name: str | None = None,
        owner_id: str | None,
    ) -> Clip:
        """A clip of frames `in_frame` up to `out_frame`, and its job. `video` comes from `library.get`.

        Raises `clips.bad-range` (with the frames there are, where known), `clips.bad-padding`, `clips.no-video`.
        """
        asked = Range(in_frame=in_frame, out_frame=out_frame, name=name)
        made = await self.create_many(tx, video, [asked], mode=mode, padding=padding, owner_id=owner_id)
        return made[0]

    async def create_many(
        self,
        tx: Transaction,
        video: Video,
        ranges: Sequence[Range],
        *,
        mode: CutMode = CutMode.SMART,
        padding: Fraction = Fraction(0),
        owner_id: str | None,
    ) -> builtins.list[Clip]:
        """A clip of each range, and one job for all, which reads the original once. Raises what `create` does."""
        clips = [_new(video, one, mode, padding, owner_id) for one in ranges]
        for clip in clips:
            await rows.add(tx.conn, clip)
        alone = clips[0] if len(clips) == 1 else None
        job_id = await self._jobs.enqueue(
            tx,
            kind="clip",
            payload={"clip_ids": [clip.id for clip in clips]},
            subject=alone.id if alone else new_id("clb"),
            title=f"Clip {alone.name}" if alone else f"{len(clips)} clips of {video.name}",
            owner_id=None if video.audience == "*" else video.audience,
            priority=CLIP,
        )
        for clip in clips:
            await rows.change(tx.conn, clip.id, {"job_id": job_id})
            await self.announce(tx, clip, video)
        return [await self.get(tx.conn, clip.id, viewer=None) for clip in clips]

    async def list(
        self,
        conn: AsyncConnection,
        *,
        viewer: Principal | None,
        video_id: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> ClipPage:
        """Clips of the videos that `viewer` may see (None: all), newest first. Raises `clips.bad-cursor`."""
        limit = max(1, min(limit, MAX_PAGE))
        asked = ("clips", video_id)
        start = None if after is None else from_cursor(after, tuple[int, str], of=asked, code="clips.bad-cursor")
        found = await rows.page(conn, viewer=viewer, video_id=video_id, after=start, limit=limit + 1)
        items = found[:limit]
        more = len(found) > limit
        return ClipPage(items=items, next=to_cursor((items[-1].created_at, items[-1].id), of=asked) if more else None)

    async def get(self, conn: AsyncConnection, clip_id: str, *, viewer: Principal | None) -> Clip:
        """One clip; raises `clip.not-found` also when `viewer` may not see its video."""
        clip = await rows.get(conn, clip_id, viewer=viewer)
        if clip is None:
            raise not_found("clip", clip_id)
        return clip

    async def delete(self, tx: Transaction, clip: Clip, video: Video) -> None:
        """Remove a clip of `video` and its file; a cut that waits or runs is cancelled."""
        await rows.remove(tx.conn, clip.id)
        await self._cancel_unwanted(tx, clip)
        payload = {"id": clip.id, "video_id": video.id, "deleted": True}
        await events.append(tx, "clip.changed", clip.id, video.audience, payload)
        _touch(tx, clip)
        self._remove_later(tx, clip.id)

    async def folders(self, conn: AsyncConnection, folders: Collection[str]) -> set[str]:
        """Those of these folders of the store that hold a clip's file."""
        ids = {folder.split("/")[1] for folder in folders if "/" in folder}
        return {key.rpartition("/")[0] for key in await rows.object_keys(conn, ids)} & set(folders)

    async def count_older(self, conn: AsyncConnection, before: int) -> int:
        """How many finished clips were asked for before an instant."""
        return await rows.count_older(conn, before)

    async def expire(self, tx: Transaction, before: int, *, limit: int) -> int:
        """Remove some finished clips that were asked for before an instant, and their files."""
        found = await rows.older(tx.conn, before, limit=limit)
        for clip, audience in found:
            await rows.remove(tx.conn, clip.id)
            payload = {"id": clip.id, "video_id": clip.video_id, "deleted": True}
            await events.append(tx, "clip.changed", clip.id, audience, payload)
            self._remove_later(tx, clip.id)
        return len(found)

    async def video_deleting(self, tx: Transaction, video: Video) -> None:
        """The video's row is about to go, and its clips with it."""
        for clip in await rows.of_video(tx.conn, video.id):
            if clip.job_id is not None:
                await self._jobs.cancel_many(tx, [clip.job_id])
            _touch(tx, clip)
            self._remove_later(tx, clip.id)

    async def announce(self, tx: Transaction, clip: Clip, video: Video) -> None:
        """Tell the pages that a clip of `video` has changed."""
        _touch(tx, clip)
        payload = {"id": clip.id, "video_id": video.id}
        await events.append(tx, "clip.changed", clip.id, video.audience, payload)

    async def totals(self, conn: AsyncConnection, owner_id: str) -> tuple[int, int]:
        """How many clips an account has asked for, and the bytes of those that are ready."""
        return await rows.totals(conn, owner_id)

    async def _cancel_unwanted(self, tx: Transaction, clip: Clip) -> None:
        """Cancel the job of a clip that has gone, unless it cuts others that are waited for."""
        if clip.job_id is None or clip.state is not ClipState.QUEUED:
            return
        if not any(other.state is ClipState.QUEUED for other in await rows.of_job(tx.conn, clip.job_id)):
            await self._jobs.cancel(tx, clip.job_id)

    def _remove_later(self, tx: Transaction, clip_id: str) -> None:
        async def remove() -> None:
            await asyncio.to_thread(self._store.delete_prefix, f"clips/{clip_id}")

        tx.after_commit(remove)


def _new(video: Video, asked: Range, mode: CutMode, padding: Fraction, owner_id: str | None) -> Clip:
    _check(video, asked.in_frame, asked.out_frame, padding)
    name = asked.name
    given = safe_name(PurePath(name).stem, container_for(video.name)) if name and name.strip() else None
    return Clip(
        id=new_id("clp"),
        video_id=video.id,
        video_name=video.name,
        owner_id=owner_id,
        name=given or clip_name(video.name, asked.in_frame, asked.out_frame, video.rate),
        mode=mode,
        in_frame=asked.in_frame,
        out_frame=asked.out_frame,
        padding=padding,
        rate=video.rate,
        state=ClipState.QUEUED,
        object_key=None,
        media_type=None,
        size_bytes=None,
        answer=None,
        error=None,
        job_id=None,
        created_at=clock.now(),
    )


def _check(video: Video, in_frame: int, out_frame: int, padding: Fraction) -> None:
    track = (video.probe or {}).get("video")
    if track is None:
        raise CutroomError(
            "clips.no-video",
            f"{video.name} has no picture to cut.",
            hint="Wait until it has been inspected, or choose another video.",
            kind=ErrorKind.CONFLICT,
        )
    if not 0 <= padding <= MAX_PADDING:
        message = f"The padding is {float(padding):g} s."
        raise CutroomError("clips.bad-padding", message, hint="Give 0 to 3600 seconds.")
    if in_frame < 0 or out_frame <= in_frame:
        raise CutroomError(
            "clips.bad-range",
            f"Frames {in_frame} to {out_frame} are no range.",
            hint="The in mark comes first, counts from 0, and the out mark is the frame after the last one.",
        )
    frames = track.get("frames")
    # A declared or estimated count may be off; only the cut itself, which reads the file, knows better.
    if frames is not None and track.get("frames_source") == "counted" and out_frame > frames:
        raise CutroomError(
            "clips.bad-range",
            f"Frames {in_frame} to {out_frame} reach beyond the {frames} frames of {video.name}.",
            hint=f"The out mark may be at most {frames}.",
        )


def _touch(tx: Transaction, clip: Clip) -> None:
    if clip.owner_id is not None:
        tx.touch(account_tag(clip.owner_id))
