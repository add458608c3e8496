"""The library: list, add, change, remove, open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts.models import Principal, Role
from cutroom.api import rows
from cutroom.api.access import KEPT, Editor, Services, Viewer, Visitor
from cutroom.api.media_urls import Links, links_for
from cutroom.api.rows import detail_of, rows_of
from cutroom.api.schemas.base import ProxyState as ProxyStateName
from cutroom.api.schemas.base import VerdictStatus
from cutroom.api.schemas.videos import AddAnswer, AddRequest, Skipped, VideoChange, VideoDetail, VideoPage
from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.library.models import ProxyState, VideoFilter, VideoSort, Visibility

router = APIRouter(prefix="/api/videos", tags=["videos"])

Limit = Annotated[int, Query(ge=1, le=500)]
After = Annotated[str | None, Query(max_length=400, description="The `next` of the page before")]


@router.get("", response_model=VideoPage)
async def list_videos(
    request: Request,
    services: Services,
    caller: Viewer,
    q: Annotated[str, Query(max_length=200, description="Words, or how they begin, of name, tags, transcript")] = "",
    verdict: Annotated[list[VerdictStatus] | None, Query(description="Any of these")] = None,
    proxy: Annotated[list[ProxyStateName] | None, Query(description="Any of these")] = None,
    tag: Annotated[list[str] | None, Query(max_length=10, description="All of these")] = None,
    sort: Annotated[
        Literal["added", "name", "duration", "relevance"], Query(description="relevance: the best of the newest hits")
    ] = "added",
    order: Literal["asc", "desc"] | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """What you may see, in pages; newest first unless asked otherwise (name and duration default to ascending)."""
    where = VideoFilter(
        q=q,
        tags=tuple(tag or ()),
        verdicts=tuple(verdict or ()),
        proxy_states=tuple(map(ProxyState, proxy or ())),
    )
    links = await links_for(services, request, caller)
    descending = order == "desc" if order else sort in ("added", "relevance")

    async def look(conn: AsyncConnection) -> rows.VideoPage:
        page = await services.library.list(
            conn, viewer=caller, where=where, sort=VideoSort(sort), descending=descending, limit=limit, after=after
        )
        total = await services.library.count(conn, viewer=caller, where=where)
        items = await rows_of(services, conn, page.items, links)
        return rows.VideoPage(
            items=items, next=page.next, total=total.number, total_exact=total.exact, corrected=page.corrected
        )

    return _json(await services.database.look(look))


@router.post("", status_code=202)
async def add_videos(services: Services, caller: Editor, visitor: Visitor, asked: AddRequest) -> AddAnswer:
    """Add files and folders of the server's own disk, by reference or as copies, or fetch a file from a URL."""
    if bool(asked.paths) == (asked.url is not None):
        raise CutroomError("library.nothing-named", "Name paths or a URL, and not both.", kind=ErrorKind.UNPROCESSABLE)
    visibility = Visibility(asked.visibility)
    if asked.url is not None:
        async with services.database.transaction(durable=True) as tx:
            job = await services.fetching.enqueue(tx, asked.url, owner_id=caller.account_id, visibility=visibility)
            await services.accounts.audit.record(tx, caller, "video.fetch", job, visitor, url=asked.url)
        return AddAnswer(added=[], skipped=[], job=job)
    caller.require(Role.ADMINISTRATOR)
    added: list[str] = []
    skipped: list[Skipped] = []
    paths = [_absolute(path) for path in asked.paths]
    async for batch in services.library.add(
        paths, owner_id=caller.account_id, visibility=visibility, copy=asked.copy_files
    ):
        added += batch.added
        skipped += [Skipped(path=each.path, code=each.code, message=each.message) for each in batch.skipped]
    async with services.database.transaction() as tx:
        detail = {"paths": asked.paths[:20], "added": len(added), "skipped": len(skipped)}
        await services.accounts.audit.record(tx, caller, "video.add", "library", visitor, **detail)
    return AddAnswer(added=added, skipped=skipped)


@router.get("/{video_id}", response_model=VideoDetail)
async def get_video(video_id: str, request: Request, services: Services, caller: Viewer) -> Response:
    """One video with its probe, findings, timing and the URLs of what can be played."""
    links = await links_for(services, request, caller)
    return _json(await services.database.look(lambda conn: _detail(services, conn, video_id, caller, links)))


@router.patch("/{video_id}", response_model=VideoDetail)
async def change_video(
    video_id: str, request: Request, services: Services, caller: Editor, visitor: Visitor, asked: VideoChange
) -> Response:
    """Rename a video, change who sees it, or give it other tags."""
    async with services.database.transaction(durable=True) as tx:
        video = await services.library.get(tx.conn, video_id, viewer=caller)
        caller.require_change(owner_id=video.owner_id, what="video")
        visibility = Visibility(asked.visibility) if asked.visibility else None
        if visibility is Visibility.PRIVATE and video.owner_id is None:
            caller.require(Role.ADMINISTRATOR)  # nobody else would ever see it again
        video = await services.library.change(tx, video, name=asked.name, visibility=visibility, given=asked.tags)
        detail = asked.model_dump(exclude_none=True)
        await services.accounts.audit.record(tx, caller, "video.change", video_id, visitor, **detail)
    links = await links_for(services, request, caller)
    return _json(await services.database.look(lambda conn: _detail(services, conn, video_id, caller, links)))


@router.delete("/{video_id}", status_code=204)
async def remove_video(video_id: str, services: Services, caller: Editor, visitor: Visitor) -> None:
    """Take a video out of the library; a file added by reference stays where it is."""
    async with services.database.transaction(durable=True) as tx:
        video = await services.library.get(tx.conn, video_id, viewer=caller)
        caller.require_change(owner_id=video.owner_id, what="video")
        await services.library.delete(tx, video)
        await services.accounts.audit.record(tx, caller, "video.delete", video_id, visitor, name=video.name)


@router.post("/{video_id}/open", status_code=204)
async def open_video(video_id: str, services: Services, caller: Viewer) -> None:
    """Say that somebody is looking: this video's jobs go first."""
    async with services.database.transaction() as tx:
        video = await services.library.get(tx.conn, video_id, viewer=caller)
        await services.library.open(tx, video)


async def _detail(
    services: Cutroom, conn: AsyncConnection, video_id: str, caller: Principal, links: Links
) -> rows.VideoDetail:
    video = await services.library.get(conn, video_id, viewer=caller)
    return await detail_of(services, conn, video, links, with_path=caller.is_administrator)


def _absolute(path: str) -> str:
    if not Path(path).is_absolute():
        raise CutroomError(
            "library.path-relative",
            f"{path!r} is not an absolute path.",
            hint="Name files and folders of the server's disk from the root.",
        )
    return path


def _json(value: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json", headers=KEPT)
