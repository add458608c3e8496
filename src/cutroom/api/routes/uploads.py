"""Uploads: the raw body goes to disk as it arrives."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from cutroom.api.access import Editor, Services, Visitor
from cutroom.api.schemas.videos import VideoRow

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
) -> Response:
    """Send a file as the request's body; it takes the same path as `cutroom add`."""
    raise NotImplementedError
