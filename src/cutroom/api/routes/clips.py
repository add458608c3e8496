"""Clips: cut, list, download, delete."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated

from fastapi import APIRouter, Query, Response

from cutroom.api.access import Editor, Services, Viewer, Visitor, kept
from cutroom.api.files import REVALIDATE
from cutroom.api.routes.media import Bytes
from cutroom.api.routes.videos import After, Limit
from cutroom.api.schemas.base import ErrorBody
from cutroom.api.schemas.clips import ClipBatchRequest, ClipPage, ClipRequest, ClipShape, CutAnswerShape
from cutroom.api.stored import stored_answer
from cutroom.clips.models import Clip, CutMode, Range
from cutroom.core.errors import CutroomError, ErrorKind

_PADDING = re.compile(r"-?\d{1,18}(\.\d{1,18}|/\d{1,18})?", re.ASCII)
_MOST = (1 << 63) - 1

router = APIRouter(prefix="/api/clips", tags=["clips"])


@router.post("", status_code=202)
async def create_clip(services: Services, caller: Editor, visitor: Visitor, asked: ClipRequest) -> ClipShape:
    """Cut frames `in_frame` up to (not including) `out_frame` out of a video's original."""
    padding = _padding(asked.padding_seconds)
    async with services.database.transaction(durable=True) as tx:
        video = await services.library.get(tx.conn, asked.video_id, viewer=caller)
        clip = await services.clips.create(
            tx,
            video,
            in_frame=asked.in_frame,
            out_frame=asked.out_frame,
            mode=CutMode(asked.mode),
            padding=padding,
            name=asked.name,
            owner_id=caller.account_id,
        )
        await services.accounts.audit.record(tx, caller, "clip.create", clip.id, visitor, video=video.id)
    return _clip(clip)


@router.post("/batch", status_code=202)
async def create_clips(services: Services, caller: Editor, visitor: Visitor, asked: ClipBatchRequest) -> ClipPage:
    """Cut many ranges out of one video in one job, which reads the original once. None is cut unless all can be."""
    padding = _padding(asked.padding_seconds)
    ranges = [Range(in_frame=cut.in_frame, out_frame=cut.out_frame, name=cut.name) for cut in asked.cuts]
    async with services.database.transaction(durable=True) as tx:
        video = await services.library.get(tx.conn, asked.video_id, viewer=caller)
        clips = await services.clips.create_many(
            tx, video, ranges, mode=CutMode(asked.mode), padding=padding, owner_id=caller.account_id
        )
        for clip in clips:
            await services.accounts.audit.record(tx, caller, "clip.create", clip.id, visitor, video=video.id)
    return ClipPage(items=[_clip(clip) for clip in clips], next=None)


@router.get("", dependencies=[kept])
async def list_clips(
    services: Services,
    caller: Viewer,
    video_id: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = 50,
    after: After = None,
) -> ClipPage:
    """Clips of the videos you may see, newest first."""
    page = await services.database.look(
        lambda conn: services.clips.list(conn, viewer=caller, video_id=video_id, limit=limit, after=after)
    )
    return ClipPage(items=[_clip(clip) for clip in page.items], next=page.next)


@router.get("/{clip_id}", dependencies=[kept])
async def get_clip(clip_id: str, services: Services, caller: Viewer) -> ClipShape:
    """One clip, with the frames that were asked and delivered."""
    return _clip(await services.database.look(lambda conn: services.clips.get(conn, clip_id, viewer=caller)))


@router.delete("/{clip_id}", status_code=204)
async def delete_clip(clip_id: str, services: Services, caller: Editor, visitor: Visitor) -> None:
    """Delete a clip and its file; a cut that is running is cancelled."""
    async with services.database.transaction(durable=True) as tx:
        clip = await services.clips.get(tx.conn, clip_id, viewer=caller)
        caller.require_change(owner_id=clip.owner_id, what="clip")
        video = await services.library.get(tx.conn, clip.video_id, viewer=caller)
        await services.clips.delete(tx, clip, video)
        await services.accounts.audit.record(tx, caller, "clip.delete", clip_id, visitor, name=clip.name)


@router.head("/{clip_id}/file", include_in_schema=False)
@router.get("/{clip_id}/file", response_class=Bytes)
async def clip_file(clip_id: str, services: Services, caller: Viewer) -> Response:
    """The clip's file, as a download that can be resumed."""
    clip = await services.database.look(lambda conn: services.clips.get(conn, clip_id, viewer=caller))
    if clip.object_key is None:
        raise CutroomError(
            "clip.not-ready",
            f"The clip {clip.name!r} is {clip.state.value}; there is no file yet.",
            kind=ErrorKind.CONFLICT,
        )
    return stored_answer(
        services,
        clip.object_key,
        media_type=clip.media_type or "application/octet-stream",
        cache_control=REVALIDATE,
        download_name=clip.name,
        missing="The clip's file has gone.",
    )


def _padding(asked: float | str | None) -> Fraction:
    """Seconds from a number or "num/den"; a float means the decimal it was written as."""
    try:
        # In text no exponent: a power of ten with nine digits would keep the server busy for hours.
        if isinstance(asked, str) and not _PADDING.fullmatch(asked):
            raise ValueError
        padding = Fraction(str(asked)) if asked is not None else Fraction(0)
        if padding.denominator > _MOST:
            raise ValueError
    except (ValueError, ZeroDivisionError):
        raise CutroomError("clips.bad-padding", f"The padding {asked!r} is neither a number nor num/den.") from None
    return padding


def _clip(clip: Clip) -> ClipShape:
    ready = clip.object_key is not None
    # A clip cut by an older version says less.
    known = {"reencoded": [], "dropped": []} | (clip.answer or {})
    answer = {name: known.get(name) for name in CutAnswerShape.model_fields} if clip.answer else None
    return ClipShape(
        id=clip.id,
        video_id=clip.video_id,
        video_name=clip.video_name,
        name=clip.name,
        mode=clip.mode.value,
        in_frame=clip.in_frame,
        out_frame=clip.out_frame,
        frame_rate=f"{clip.rate.numerator}/{clip.rate.denominator}" if clip.rate else None,
        state=clip.state.value,
        size_bytes=clip.size_bytes,
        answer=CutAnswerShape.model_validate(answer) if answer else None,
        error=ErrorBody.model_validate({"hint": None} | clip.error) if clip.error else None,
        job_id=clip.job_id,
        created_at=clip.created_at,
        download_url=f"/api/clips/{clip.id}/file" if ready else None,
    )
