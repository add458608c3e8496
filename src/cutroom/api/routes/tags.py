"""The tags that videos have."""

from __future__ import annotations

from fastapi import APIRouter

from cutroom.api.access import Services, Viewer, kept
from cutroom.api.schemas.videos import TagList

router = APIRouter(prefix="/api/tags", tags=["videos"])


@router.get("", dependencies=[kept])
async def list_tags(services: Services, caller: Viewer) -> TagList:
    """The tags of the videos you may see, in order; at most 500."""
    return TagList(items=await services.database.look(lambda conn: services.library.tags(conn, viewer=caller)))
