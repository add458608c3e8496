"""Clips: cut, list, download, delete."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from cutroom.api.access import Editor, Services, Viewer, Visitor
from cutroom.api.routes.media import Bytes
from cutroom.api.routes.videos import After, Limit
from cutroom.api.schemas.clips import ClipPage, ClipRequest, ClipShape

router = APIRouter(prefix="/api/clips", tags=["clips"])


@router.post("", status_code=202)
async def create_clip(services: Services, caller: Editor, visitor: Visitor, asked: ClipRequest) -> ClipShape:
    """Cut frames `in_frame` up to (not including) `out_frame` out of a video's original."""
    raise NotImplementedError


@router.get("")
async def list_clips(
    services: Services,
    caller: Viewer,
    video_id: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = 50,
    after: After = None,
) -> ClipPage:
    """Clips of the videos you may see, newest first."""
    raise NotImplementedError


@router.get("/{clip_id}")
async def get_clip(clip_id: str, services: Services, caller: Viewer) -> ClipShape:
    """One clip, with the frames that were asked and delivered."""
    raise NotImplementedError


@router.delete("/{clip_id}", status_code=204)
async def delete_clip(clip_id: str, services: Services, caller: Editor, visitor: Visitor) -> None:
    """Delete a clip and its file; a cut that is running is cancelled."""
    raise NotImplementedError


@router.head("/{clip_id}/file", include_in_schema=False)
@router.get("/{clip_id}/file", response_class=Bytes)
async def clip_file(clip_id: str, request: Request, services: Services, caller: Viewer) -> Response:
    """The clip's file, as a download that can be resumed."""
    raise NotImplementedError
