"""The library: list, add, change, remove, open."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from cutroom.api.access import Administrator, Editor, Services, Viewer, Visitor
from cutroom.api.schemas.base import ProxyState, VerdictStatus
from cutroom.api.schemas.videos import AddAnswer, AddRequest, VideoChange, VideoDetail, VideoPage

router = APIRouter(prefix="/api/videos", tags=["videos"])

Limit = Annotated[int, Query(ge=1, le=500)]
After = Annotated[str | None, Query(max_length=400, description="The `next` of the page before")]


@router.get("", response_model=VideoPage)
async def list_videos(
    services: Services,
    caller: Viewer,
    q: Annotated[str, Query(max_length=200, description="Part of the name")] = "",
    verdict: Annotated[list[VerdictStatus] | None, Query(description="Any of these")] = None,
    proxy: Annotated[list[ProxyState] | None, Query(description="Any of these")] = None,
    sort: Literal["added", "name", "duration"] = "added",
    order: Literal["asc", "desc"] | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """What you may see, in pages; newest first unless asked otherwise (name and duration default to ascending)."""
    raise NotImplementedError


@router.post("", status_code=202)
async def add_videos(services: Services, caller: Administrator, visitor: Visitor, asked: AddRequest) -> AddAnswer:
    """Add files and folders of the server's own disk, by reference or as copies."""
    raise NotImplementedError


@router.get("/{video_id}", response_model=VideoDetail)
async def get_video(video_id: str, services: Services, caller: Viewer) -> Response:
    """One video with its probe, findings, timing and the URLs of what can be played."""
    raise NotImplementedError


@router.patch("/{video_id}", response_model=VideoDetail)
async def change_video(
    video_id: str, services: Services, caller: Editor, visitor: Visitor, asked: VideoChange
) -> Response:
    """Rename a video or change who sees it."""
    raise NotImplementedError


@router.delete("/{video_id}", status_code=204)
async def remove_video(video_id: str, services: Services, caller: Editor, visitor: Visitor) -> None:
    """Take a video out of the library; a file added by reference stays where it is."""
    raise NotImplementedError


@router.post("/{video_id}/open", status_code=204)
async def open_video(video_id: str, services: Services, caller: Viewer) -> None:
    """Say that somebody is looking: this video's jobs go first."""
    raise NotImplementedError
