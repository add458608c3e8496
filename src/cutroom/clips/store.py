"""SQL of clips."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts.models import Principal
from cutroom.clips.models import Clip, ClipState, CutMode
from cutroom.clips.tables import clips
from cutroom.library.service import visible_to
from cutroom.library.tables import videos

_WHOLE = select(clips, videos.c.name.label("video_name"), videos.c.rate_num, videos.c.rate_den).join_from(
    clips, videos, videos.c.id == clips.c.video_id
)


async def add(conn: AsyncConnection, clip: Clip) -> None:
    """Write a new clip."""
    await conn.execute(
        insert(clips).values(
            id=clip.id,
            video_id=clip.video_id,
            owner_id=clip.owner_id,
            name=clip.name,
            mode=clip.mode.value,
            in_frame=clip.in_frame,
            out_frame=clip.out_frame,
            padding_num=clip.padding.numerator,
            padding_den=clip.padding.denominator,
            state=clip.state.value,
            job_id=clip.job_id,
            created_at=clip.created_at,
        )
    )


async def get(conn: AsyncConnection, clip_id: str, *, viewer: Principal | None) -> Clip | None:
    """One clip, if `viewer` (None: anybody) may see its video."""
    row = (await conn.execute(_seen_by(viewer).where(clips.c.id == clip_id))).first()
    return None if row is None else _clip(row)


async def page(
    conn: AsyncConnection, *, viewer: Principal | None, video_id: str | None, after: tuple[int, str] | None, limit: int
) -> list[Clip]:
    """Clips, newest first, from after an instant and id on."""
    query = _seen_by(viewer)
    if video_id is not None:
        query = query.where(clips.c.video_id == video_id)
    if after is not None:
        query = query.where(tuple_(clips.c.created_at, clips.c.id) < tuple_(literal(after[0]), literal(after[1])))
    found = await conn.execute(query.order_by(clips.c.created_at.desc(), clips.c.id.desc()).limit(limit))
    return [_clip(row) for row in found]


async def of_video(conn: AsyncConnection, video_id: str) -> list[Clip]:
    """Every clip of a video."""
    return [_clip(row) for row in await conn.execute(_WHOLE.where(clips.c.video_id == video_id))]


async def of_job(conn: AsyncConnection, job_id: str) -> list[Clip]:
    """Every clip that a job cuts."""
    return [_clip(row) for row in await conn.execute(_WHOLE.where(clips.c.job_id == job_id))]


async def totals(conn: AsyncConnection, owner_id: str) -> tuple[int, int]:
    """How many clips an account has, and their bytes."""
    summed = select(func.count(), func.coalesce(func.sum(clips.c.size_bytes), 0)).where(clips.c.owner_id == owner_id)
    count, size = (await conn.execute(summed)).one()
    return int(count), int(size)


async def object_keys(conn: AsyncConnection, clip_ids: Collection[str]) -> list[str]:
    """The files of some clips."""
    found = await conn.execute(select(clips.c.object_key).where(clips.c.id.in_(clip_ids)))
    return [row.object_key for row in found if row.object_key is not None]


def _older_than(before: int) -> ColumnElement[bool]:
    return and_(clips.c.state == ClipState.READY.value, clips.c.created_at < before)


async def count_older(conn: AsyncConnection, before: int) -> int:
    """How many finished clips are older than an instant."""
    return int((await conn.execute(select(func.count()).select_from(clips).where(_older_than(before)))).scalar_one())


async def older(conn: AsyncConnection, before: int, *, limit: int) -> list[tuple[Clip, str]]:
    """The oldest of them, each with who may know of it."""
    query = _WHOLE.add_columns(videos.c.owner_id.label("video_owner"), videos.c.visibility).where(_older_than(before))
    found = await conn.execute(query.order_by(clips.c.created_at).limit(limit))
    return [(_clip(row), "*" if row.visibility == "shared" else row.video_owner or "*") for row in found]


async def change(conn: AsyncConnection, clip_id: str, values: dict[str, Any]) -> None:
    """Set columns of a clip, if it is still there."""
    await conn.execute(update(clips).where(clips.c.id == clip_id).values(values))


async def remove(conn: AsyncConnection, clip_id: str) -> None:
    """Remove a clip's row."""
    await conn.execute(delete(clips).where(clips.c.id == clip_id))


def _seen_by(viewer: Principal | None) -> Any:
    if viewer is None or viewer.is_administrator:
        return _WHOLE
    return _WHOLE.where(visible_to(viewer))


def _clip(row: Row[Any]) -> Clip:
    return Clip(
        id=row.id,
        video_id=row.video_id,
        video_name=row.video_name,
        owner_id=row.owner_id,
        name=row.name,
        mode=CutMode(row.mode),
        in_frame=row.in_frame,
        out_frame=row.out_frame,
        padding=Fraction(row.padding_num, row.padding_den),
        rate=None if row.rate_num is None else Fraction(row.rate_num, row.rate_den),
        state=ClipState(row.state),
        object_key=row.object_key,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        answer=row.answer,
        error=row.error,
        job_id=row.job_id,
        created_at=row.created_at,
    )
