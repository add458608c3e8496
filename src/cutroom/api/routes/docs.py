"""The API's own documentation: the OpenAPI document, and a page made of it that needs no script."""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import APIRouter, Request, Response

from cutroom.api.access import open_to_anybody
from cutroom.api.reference import STYLE, page

router = APIRouter(prefix="/api", tags=["documentation"], dependencies=[open_to_anybody])


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    document = await asyncio.to_thread(request.app.openapi)
    return Response(msgspec.json.encode(document), media_type="application/json")


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """Every address, who may use it, what it takes and answers."""
    return Response(page(await asyncio.to_thread(request.app.openapi)), media_type="text/html; charset=utf-8")


@router.get("/docs/style.css", include_in_schema=False)
async def style() -> Response:
    """The page's style sheet; the content security policy allows none in the page itself."""
    return Response(STYLE, media_type="text/css; charset=utf-8")
