"""Signed media, what an edge before the server asks, and what its operators do."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from cutroom.api.access import Administrator, Services, Viewer, Visitor, open_to_anybody
from cutroom.api.cookies import set_cdn_cookies
from cutroom.api.routes.media import Bytes
from cutroom.api.schemas.delivery import (
    CdnSession,
    CdnStats,
    InvalidationAsked,
    InvalidationDone,
    KeyRotated,
    RotationAsked,
)
from cutroom.api.signed import origin_answer, signed_answer

router = APIRouter(tags=["delivery"])


@router.head("/media/{token}/{key:path}", include_in_schema=False, dependencies=[open_to_anybody])
@router.get("/media/{token}/{key:path}", response_class=Bytes, dependencies=[open_to_anybody])
async def signed_media(token: str, key: str, services: Services) -> Response:
    """An object of the store by an address that was signed for it, or for what is above it; no session is asked for."""
    await services.delivery.check(token, key)
    services.delivery.count_origin_read()
    return await signed_answer(services, key)


@router.head("/media-origin/{key:path}", include_in_schema=False, dependencies=[open_to_anybody])
@router.get("/media-origin/{key:path}", response_class=Bytes, dependencies=[open_to_anybody])
async def origin_media(
    key: str, services: Services, x_cutroom_origin: Annotated[str, Header(max_length=400)] = ""
) -> Response:
    """The same for a content delivery network that checks its readers itself, and shows the secret of the settings."""
    answer = await origin_answer(services, key, x_cutroom_origin)
    services.delivery.count_origin_read()
    return answer


@router.get("/api/v1/cdn/verify", status_code=204, dependencies=[open_to_anybody])
async def verify(services: Services, x_original_uri: Annotated[str, Header(max_length=4096)] = "") -> None:
    """For nginx's `auth_request`: 204 when the address in X-Original-URI is signed well, 403 when it is not."""
    await services.delivery.check_at_edge(x_original_uri)


@router.post("/api/v1/cdn/session")
async def cdn_session(request: Request, response: Response, services: Services, caller: Viewer) -> CdnSession:
    """Cookies with which CloudFront lets this session read; the page asks for them again before they end."""
    cookies, ends_at = set_cdn_cookies(response, services, secure=request.url.scheme == "https")
    return CdnSession(cookies=cookies, ends_at=ends_at)


@router.post("/api/v1/cdn/invalidate")
async def invalidate(
    services: Services, caller: Administrator, visitor: Visitor, asked: InvalidationAsked
) -> InvalidationDone:
    """Have the edges forget paths: playlists, and what has been deleted. What a name means never changes otherwise."""
    done = await services.delivery.purge(asked.paths)
    async with services.database.transaction() as tx:
        detail: dict[str, Any] = {"paths": done.paths[:20], "count": len(done.paths)}
        await services.accounts.audit.record(tx, caller, "cdn.invalidate", "cdn", visitor, **detail)
    return InvalidationDone(paths=done.paths, invalidations=done.invalidations, files=done.files)


@router.post("/api/v1/cdn/keys")
async def rotate_keys(services: Services, caller: Administrator, visitor: Visitor, asked: RotationAsked) -> KeyRotated:
    """Sign with a new key from now on; with `revoke`, what was signed before opens nothing any more within seconds."""
    async with services.database.transaction(durable=True) as tx:
        key = await services.delivery.rotate(tx, revoke=asked.revoke)
        await services.accounts.audit.record(tx, caller, "cdn.rotate", key.id, visitor, revoke=asked.revoke)
    return KeyRotated(key=key.id, revoked=asked.revoke)


@router.get("/admin/cdn/stats")
async def cdn_stats(services: Services, caller: Administrator) -> CdnStats:
    """What was signed, verified, read here, and forgotten at the edges."""
    return CdnStats.model_validate(await services.delivery.stats(), from_attributes=True)
