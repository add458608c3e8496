"""What an account's own footage adds up to."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts.models import account_tag
from cutroom.api.access import KEPT, Services, Viewer
from cutroom.api.schemas.monitoring import MyStatistics
from cutroom.cache import Plan

router = APIRouter(prefix="/api/stats", tags=["statistics"])

KEPT_SECONDS = 300.0


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of `MyStatistics`."""

    videos: int
    bytes: int
    seconds: float
    by_verdict: dict[str, int]
    clips: int
    clip_bytes: int


@router.get("/me", response_model=MyStatistics)
async def my_statistics(services: Services, caller: Viewer) -> Response:
    """Your videos and clips in numbers; kept for five minutes, or until something of yours changes."""
    account = caller.account_id

    async def look(conn: AsyncConnection) -> Statistics:
        totals = await services.library.totals(conn, account)
        clips, clip_bytes = await services.clips.totals(conn, account)
        return Statistics(**msgspec.structs.asdict(totals), clips=clips, clip_bytes=clip_bytes)

    plan = Plan(ttl=KEPT_SECONDS, tags=(account_tag(account),), type=Statistics)
    found = await services.cache.get_or_load(f"stats:{account}", lambda: services.database.look(look), plan)
    return Response(msgspec.json.encode(found), media_type="application/json", headers=KEPT)
