"""Media of a video: thumbnails, sprite, peaks, HLS and the original, with ranges and cache headers."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from cutroom.api.access import Services, Viewer

router = APIRouter(prefix="/api/videos/{video_id}", tags=["media"])


class Bytes(Response):
    """For OpenAPI only: an answer of plain bytes."""

    media_type = "application/octet-stream"


@router.head("/media/{name:path}", include_in_schema=False)
@router.get("/media/{name:path}", response_class=Bytes)
async def video_media(video_id: str, name: str, request: Request, services: Services, caller: Viewer) -> Response:
    """A derived file: `thumbnails/…`, `sprite/…`, `peaks.json`, `peaks.dat`, `pts`, `hls/master.m3u8`, `hls/…`."""
    raise NotImplementedError


@router.head("/original", include_in_schema=False)
@router.get("/original", response_class=Bytes)
async def video_original(video_id: str, request: Request, services: Services, caller: Viewer) -> Response:
    """The original file, as a download that can be resumed."""
    raise NotImplementedError
