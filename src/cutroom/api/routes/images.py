"""Pictures of a video in the width and format that a page asks for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.api.access import Services, Viewer
from cutroom.api.files import IMMUTABLE, REVALIDATE
from cutroom.api.routes.media import Bytes
from cutroom.api.stored import stored_answer
from cutroom.proxies.images import QUALITY
from cutroom.proxies.models import Preview

router = APIRouter(prefix="/api/videos/{video_id}", tags=["media"])

_TYPES = {"avif": "image/avif", "webp": "image/webp"}
"""The best first."""


@router.head("/image", include_in_schema=False)
@router.get("/image", response_class=Bytes)
async def video_image(
    video_id: str,
    request: Request,
    services: Services,
    caller: Viewer,
    width: Annotated[int, Query(alias="w", ge=1, le=10_000, description="150, 300, 320, 600, 640, 1200 or 1280")] = 320,
    quality: Annotated[int, Query(alias="q", ge=1, le=100, description="60, 85 or 95")] = QUALITY,
    version: Annotated[str, Query(alias="v", max_length=40, description="Any: the answer may be kept for good")] = "",
    accept: Annotated[str, Header(max_length=1000)] = "",
) -> Response:
    """The video's picture as AVIF, WebP or JPEG, as `Accept` allows; made once, never larger than the frame kept."""

    async def look(conn: AsyncConnection) -> Preview:
        video = await services.library.get(conn, video_id, viewer=caller)
        return await services.images.find(conn, video)

    thumbnails = await services.database.look(look)
    found = await services.images.image(
        thumbnails, request.app.state.pool, width=width, kind=best_format(accept), quality=quality
    )
    answer = stored_answer(
        services,
        found.key,
        media_type=found.media_type,
        cache_control=IMMUTABLE if version else REVALIDATE,
        missing="This picture has gone.",
    )
    answer.more_headers["vary"] = "Accept"
    return answer


def best_format(accept: str) -> str:
    """The first of our formats that is accepted by name (RFC 9110, 12.5.1); JPEG for who accepts just anything."""
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        name, *parameters = (word.strip() for word in part.split(";"))
        weight = next((word[2:] for word in parameters if word.startswith("q=")), "1")
        try:
            weights[name] = float(weight)
        except ValueError:
            weights[name] = 0.0
    named = [kind for kind, name in _TYPES.items() if weights.get(name, 0.0) > 0]
    return max(named, key=lambda kind: weights[_TYPES[kind]], default="jpg")
