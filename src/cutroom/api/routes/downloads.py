"""Downloads that are put together when they are asked for: counted facts, a sound track, a rung as one MP4."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from cutroom.api.access import Services, Viewer
from cutroom.api.pieces import JoinedAnswer, MadeAnswer, made_headers
from cutroom.api.routes.media import Bytes
from cutroom.api.schemas.videos import ProbeShape
from cutroom.media.audio_plan import AudioFormat

router = APIRouter(prefix="/api/videos/{video_id}", tags=["media"])


@router.get("/probe", response_model=ProbeShape)
async def video_probe(
    video_id: str,
    request: Request,
    services: Services,
    caller: Viewer,
    count: Annotated[bool, Query(description="Also count frames and groups of pictures: reads the whole file once")] = (
        False
    ),
) -> Response:
    """What the file declares, and with `count` what a walk over its packets counts; the answer is kept."""
    async with services.database.read() as conn:
        video = await services.library.get(conn, video_id, viewer=caller)
    downloads = services.downloads
    found = await downloads.counted(video, request.app.state.pool) if count else downloads.facts(video)
    return Response(msgspec.json.encode(found), media_type="application/json")


@router.head("/audio", include_in_schema=False)
@router.get("/audio", response_class=Bytes)
async def video_audio(
    video_id: str,
    request: Request,
    services: Services,
    caller: Viewer,
    track: Annotated[int, Query(ge=0, le=1000, description="Number of the sound track, from 0")] = 0,
    wanted: Annotated[
        AudioFormat, Query(alias="format", description="copy: as it is, in its codec's own container")
    ] = "copy",
) -> Response:
    """A sound track of the original as a download, begun at once and made as it goes out; in sync with the picture."""
    async with services.database.read() as conn:
        video = await services.library.get(conn, video_id, viewer=caller)
    plan = services.downloads.audio_plan(video, track, wanted)
    numbered = f" sound {track + 1}" if track else ""
    headers = made_headers(plan.media_type, f"{PurePath(video.name).stem}{numbered}.{plan.suffix}")
    if request.method == "HEAD":
        known = Response(headers=headers)
        del known.headers["content-length"]  # it is not known before everything has been made
        return known
    pieces = services.downloads.audio(video, plan, request.app.state.streams)
    try:
        first = await anext(pieces, b"")
    except BaseException:
        await pieces.aclose()
        raise
    return MadeAnswer(first, pieces, headers)


@router.head("/progressive/{height}.mp4", include_in_schema=False)
@router.get("/progressive/{height}.mp4", response_class=Bytes)
async def video_progressive(
    video_id: str, height: int, request: Request, services: Services, caller: Viewer
) -> Response:
    """A rung of the proxy with its sound as one MP4 that plays while it loads; resumable, nothing is encoded again."""
    async with services.database.read() as conn:
        video = await services.library.get(conn, video_id, viewer=caller)
    joined = await services.downloads.progressive(video, height, request.app.state.pool)
    name = f"{PurePath(video.name).stem} {height}p.mp4"
    return JoinedAnswer(joined, store=services.store, download_name=name, identity=f"{video.asset_id}\0{height}")
