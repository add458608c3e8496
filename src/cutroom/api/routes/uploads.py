"""Uploads: the raw body goes to disk as it arrives."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from cutroom.api.access import Editor, Services, Visitor
from cutroom.api.rows import rows_of
from cutroom.api.schemas.base import Visibility as VisibilityName
from cutroom.api.schemas.videos import VideoRow
from cutroom.library.models import Visibility

router = APIRouter(prefix="/api/uploads", tags=["uploads"])

_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("", status_code=201, response_model=VideoRow, openapi_extra=_BODY)
async def upload(
    request: Request,
    services: Services,
    caller: Editor,
    visitor: Visitor,
    name: Annotated[str, Query(min_length=1, max_length=255, description="The file's name")],
    visibility: VisibilityName = "shared",
) -> Response:
    """Send a file as the request's body; it takes the same path as `cutroom add`."""
    length = request.headers.get("content-length")
    video = await services.uploads.receive(
        request.stream(),
        name=name,
        owner_id=caller.account_id,
        visibility=Visibility(visibility),
        announced_bytes=int(length) if length and length.isdigit() else None,
    )
    async with services.database.transaction() as tx:
        await services.accounts.audit.record(tx, caller, "video.upload", video.id, visitor, name=video.name)
        [row] = await rows_of(services, tx.conn, [await services.library.get(tx.conn, video.id, viewer=caller)])
    return Response(msgspec.json.encode(row), status_code=201, media_type="application/json")
