"""Media of a video: thumbnails, sprite, peaks, HLS and the original, with ranges and cache headers."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.api.access import Services, Viewer
from cutroom.api.files import IMMUTABLE, REVALIDATE, FileAnswer, media_type_of
from cutroom.api.media_urls import playlist_url, split_version
from cutroom.api.stored import Described, stored_answer
from cutroom.library.models import LocationKind, Video
from cutroom.proxies.models import MediaObject

router = APIRouter(prefix="/api/videos/{video_id}", tags=["media"])


class Bytes(Response):
    """For OpenAPI only: an answer of plain bytes."""

    media_type = "application/octet-stream"


@router.head("/media/{name:path}", include_in_schema=False)
@router.get("/media/{name:path}", response_class=Bytes)
async def video_media(video_id: str, name: str, services: Services, caller: Viewer) -> Response:
    """A derived file by name, with or without a version `v-…/` before it.

    Names: `thumbnails/…`, `sprite/…`, `peaks.json`, `peaks.dat`, `pts`, `hls/master.m3u8` (leads on to the ladder of
    the moment), `hls/…`."""
    wanted, versioned = split_version(name)

    async def look(conn: AsyncConnection) -> tuple[Video, MediaObject] | str:
        video = await services.library.get(conn, video_id, viewer=caller)
        if wanted == "hls/master.m3u8":
            url = playlist_url(video.id, await services.proxies.playback(conn, video.asset_id))
            if url is not None:
                return url
        return video, await services.proxies.media(conn, video, wanted)

    seen = await services.database.look(look)
    if isinstance(seen, str):
        # Segments are named relative to the attempt's own folder, so the player must know where that is.
        return RedirectResponse(seen, status_code=307, headers={"Cache-Control": "no-store"})
    video, found = seen
    # A playlist under one name grows while its ladder is made.
    lasting = versioned and found.immutable and not wanted.endswith(".m3u8")
    return stored_answer(
        services,
        found.key,
        media_type=found.media_type,
        cache_control=IMMUTABLE if lasting else REVALIDATE,
        missing="This file has not been made yet, or has gone.",
        make=(lambda: services.ondemand.make(video, found)) if wanted.startswith("hls/") else None,
    )


@router.head("/original", include_in_schema=False)
@router.get("/original", response_class=Bytes)
async def video_original(video_id: str, services: Services, caller: Viewer) -> Response:
    """The original file, as a download that can be resumed."""
    video = await services.database.look(lambda conn: services.library.get(conn, video_id, viewer=caller))
    told: Described = {
        "media_type": media_type_of(video.name),
        "cache_control": REVALIDATE,
        "download_name": video.name,
        "missing": "The original file is not where it was when it was added.",
    }
    if video.location_kind is LocationKind.STORED:
        return stored_answer(services, video.path, **told)
    return FileAnswer(Path(video.path), accel=services.settings.server.accel, **told)
