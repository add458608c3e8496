"""Whole lists as lines of JSON, written as they are read: no export needs more memory than a page of rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import StreamingResponse

from cutroom.accounts.models import Principal
from cutroom.api.access import Services, Viewer
from cutroom.api.rows import VideoRow, rows_of
from cutroom.api.schemas.base import ProxyState as ProxyStateName
from cutroom.api.schemas.base import VerdictStatus
from cutroom.bootstrap.container import Cutroom
from cutroom.library.models import ProxyState, VideoFilter

router = APIRouter(prefix="/api/videos", tags=["videos"])

_ROWS = 200
_encoder = msgspec.json.Encoder()


class Lines(Response):
    """For OpenAPI: one JSON object a line."""

    media_type = "application/x-ndjson"


@router.get("/export", response_class=Lines)
async def export_videos(
    services: Services,
    caller: Viewer,
    q: Annotated[str, Query(max_length=200, description="Words, or how they begin, of name, tags, transcript")] = "",
    verdict: Annotated[list[VerdictStatus] | None, Query(description="Any of these")] = None,
    proxy: Annotated[list[ProxyStateName] | None, Query(description="Any of these")] = None,
) -> StreamingResponse:
    """Everything you may see, newest first, one row of the list a line; a broken-off export has no last line's end."""
    where = VideoFilter(q=q, verdicts=tuple(verdict or ()), proxy_states=tuple(map(ProxyState, proxy or ())))
    headers = {"content-disposition": 'attachment; filename="videos.jsonl"', "cache-control": "no-store"}
    return StreamingResponse(_pages(services, caller, where), media_type=Lines.media_type, headers=headers)


async def _pages(services: Cutroom, caller: Principal, where: VideoFilter) -> AsyncIterator[bytes]:
    after: str | None = None

    async def look(conn: AsyncConnection) -> tuple[list[VideoRow], str | None]:
        page = await services.library.list(conn, viewer=caller, where=where, limit=_ROWS, after=after)
        return await rows_of(services, conn, page.items), page.next

    while True:
        rows, after = await services.database.look(look)
        if rows:
            yield _encoder.encode_lines(rows)
        if after is None:
            return
