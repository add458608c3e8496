"""SQL of the library: assets and videos."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, delete, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.accounts.models import Principal
from cutroom.accounts.tables import accounts
from cutroom.db.bulk import insert_rows
from cutroom.library.models import LocationKind, ProxyState, Video, Visibility
from cutroom.library.tables import assets, video_tags, videos

_BETWEEN_TAGS = "\x1f"
_TAGS = (
    select(func.aggregate_strings(video_tags.c.tag, _BETWEEN_TAGS))
    .where(video_tags.c.video_id == videos.c.id)
    .correlate(videos)
    .scalar_subquery()
)

# In the order of `video_of`.
_COLUMNS: tuple[ColumnElement[Any], ...] = (
    videos.c.id,
    videos.c.asset_id,
    videos.c.owner_id,
    videos.c.visibility,
    videos.c.name,
    videos.c.location_kind,
    videos.c.location,
    videos.c.size_bytes,
    videos.c.mtime_ns,
    videos.c.added_at,
    videos.c.verdict,
    videos.c.verdict_message,
    videos.c.proxy_state,
    videos.c.poster,
    videos.c.duration_num,
    videos.c.duration_den,
    videos.c.rate_num,
    videos.c.rate_den,
    videos.c.width,
    videos.c.height,
    _TAGS,
)
_NOBODY = literal(None).label("owner_name")
_WHOLE = select(*_COLUMNS, _NOBODY, videos.c.probe)
LISTED = (*_COLUMNS, accounts.c.name)
"""The columns of a row of a list, in the order of `video_of`; with the accounts joined to the videos."""
_LISTED = select(*LISTED).select_from(videos.outerjoin(accounts, accounts.c.id == videos.c.owner_id))


async def get(conn: AsyncConnection, video_id: str) -> Video | None:
    """One row with its owner's name and its probe."""
    found = await conn.execute(_LISTED.add_columns(videos.c.probe).where(videos.c.id == video_id))
    row = found.first()
    return None if row is None else video_of(row, probe=row[-1])


async def get_many(conn: AsyncConnection, video_ids: Collection[str]) -> list[Video]:
    """Rows with their probes."""
    found = await conn.execute(_WHOLE.where(videos.c.id.in_(video_ids)).order_by(videos.c.id))
    return [video_of(row, probe=row[-1]) for row in found]


async def of_asset(conn: AsyncConnection, asset_id: str) -> list[Video]:
    """The videos that show an asset, oldest first."""
    found = await conn.execute(_WHOLE.where(videos.c.asset_id == asset_id).order_by(videos.c.added_at, videos.c.id))
    return [video_of(row, probe=row[-1]) for row in found]


async def at_locations(
    conn: AsyncConnection, locations: Collection[bytes], kind: LocationKind = LocationKind.REFERENCE
) -> dict[bytes, Video]:
    """The videos of a kind that are at these places."""
    if not locations:
        return {}
    found = await conn.execute(_WHOLE.where(videos.c.location_kind == kind.value, videos.c.location.in_(locations)))
    return {video.location: video for video in (video_of(row, probe=row[-1]) for row in found)}


async def below(conn: AsyncConnection, prefix: bytes) -> list[Video]:
    """The videos by reference whose paths begin so; `prefix` ends with a slash."""
    beyond = prefix[:-1] + b"0"  # the byte after the slash
    query = _WHOLE.where(
        videos.c.location_kind == LocationKind.REFERENCE.value,
        videos.c.location > prefix,
        videos.c.location < beyond,
    )
    return [video_of(row, probe=row[-1]) for row in await conn.execute(query)]


async def places(conn: AsyncConnection, *, after: str, limit: int) -> list[tuple[str, str, bytes]]:
    """Id, kind and location of the videos after an id."""
    query = select(videos.c.id, videos.c.location_kind, videos.c.location)
    found = await conn.execute(query.where(videos.c.id > after).order_by(videos.c.id).limit(limit))
    return [(row[0], row[1], bytes(row[2])) for row in found]


async def insert_many(conn: AsyncConnection, made: Sequence[Video], *, now: int) -> None:
    """New videos, each with an asset of its own whose contents nobody has read yet."""
    await _insert_assets(conn, made, now=now)
    await insert_rows(conn, videos, [_values(video) for video in made])


async def renew(conn: AsyncConnection, changed: Sequence[Video], *, now: int) -> None:
    """Give known videos new assets and empty summaries, because their files hold something else now."""
    await _insert_assets(conn, changed, now=now)
    for video in changed:
        values = _values(video)
        await conn.execute(update(videos).where(videos.c.id == values.pop("id")).values(values))


async def set_columns(conn: AsyncConnection, video_ids: Collection[str], values: dict[str, Any]) -> None:
    """Set columns of some rows."""
    await conn.execute(update(videos).where(videos.c.id.in_(video_ids)).values(values))


async def delete_video(conn: AsyncConnection, video_id: str) -> None:
    """Remove a row; clips and inspections go with it."""
    await conn.execute(delete(videos).where(videos.c.id == video_id))


async def asset_is_shown(conn: AsyncConnection, asset_id: str) -> bool:
    """Whether any video shows the asset."""
    found = await conn.execute(select(videos.c.id).where(videos.c.asset_id == asset_id).limit(1))
    return found.first() is not None


async def delete_asset(conn: AsyncConnection, asset_id: str) -> None:
    """Remove a row; proxies and previews go with it."""
    await conn.execute(delete(assets).where(assets.c.id == asset_id))


async def asset_of_hash(conn: AsyncConnection, content_hash: str) -> str | None:
    """The id of the asset with these contents."""
    found = await conn.execute(select(assets.c.id).where(assets.c.content_hash == content_hash))
    return found.scalar()


async def has_hashed_of_size(conn: AsyncConnection, size_bytes: int) -> bool:
    """Whether an asset of this size is there whose contents have been read."""
    query = select(assets.c.id).where(assets.c.size_bytes == size_bytes, assets.c.content_hash.is_not(None)).limit(1)
    return (await conn.execute(query)).first() is not None


async def stored_bytes(conn: AsyncConnection, owner_id: str) -> int:
    """The bytes of an account's originals in the store."""
    query = select(func.coalesce(func.sum(videos.c.size_bytes), 0)).where(
        videos.c.owner_id == owner_id, videos.c.location_kind == LocationKind.STORED.value
    )
    return int((await conn.execute(query)).scalar_one())


async def hash_of_asset(conn: AsyncConnection, asset_id: str) -> str | None:
    """The asset's contents, when they have been read."""
    found = await conn.execute(select(assets.c.content_hash).where(assets.c.id == asset_id))
    return found.scalar()


async def set_hash(conn: AsyncConnection, asset_id: str, content_hash: str) -> None:
    """Say what an asset's contents are; raises IntegrityError when another asset has them."""
    await conn.execute(update(assets).where(assets.c.id == asset_id).values(content_hash=content_hash))


def visible_to(viewer: Principal) -> ColumnElement[bool]:
    """`Principal.may_see`, as SQL."""
    return visible_to_account(viewer.account_id)


def visible_to_account(account_id: str) -> ColumnElement[bool]:
    """The videos that an account sees which is no administrator's."""
    return or_(videos.c.visibility == Visibility.SHARED.value, videos.c.owner_id == account_id)


async def _insert_assets(conn: AsyncConnection, made: Sequence[Video], *, now: int) -> None:
    rows = [
        {"id": video.asset_id, "content_hash": None, "size_bytes": video.size_bytes, "created_at": now}
        for video in made
    ]
    await insert_rows(conn, assets, rows)


def _values(video: Video) -> dict[str, Any]:
    duration, rate = video.duration, video.rate
    return {
        "id": video.id,
        "asset_id": video.asset_id,
        "owner_id": video.owner_id,
        "visibility": video.visibility.value,
        "name": video.name,
        "location_kind": video.location_kind.value,
        "location": video.location,
        "size_bytes": video.size_bytes,
        "mtime_ns": video.mtime_ns,
        "added_at": video.added_at,
        "verdict": video.verdict,
        "verdict_message": video.verdict_message,
        "proxy_state": video.proxy_state.value,
        "poster": video.poster,
        "probe": video.probe,
        **fraction_columns("duration", duration),
        **fraction_columns("rate", rate),
        "width": video.width,
        "height": video.height,
    }


def fraction_columns(name: str, value: Fraction | None) -> dict[str, int | None]:
    """The two columns of an exact number."""
    return {
        f"{name}_num": None if value is None else value.numerator,
        f"{name}_den": None if value is None else value.denominator,
    }


_VISIBILITY = {one.value: one for one in Visibility}
_KIND = {one.value: one for one in LocationKind}
_PROXY = {one.value: one for one in ProxyState}


def video_of(row: Sequence[Any], *, probe: dict[str, Any] | None = None) -> Video:
    """The video of a row of `LISTED`."""
    # By position: a page of rows is the hottest thing there is here, and names cost a lookup each.
    return Video(
        id=row[0],
        asset_id=row[1],
        owner_id=row[2],
        visibility=_VISIBILITY[row[3]],
        name=row[4],
        location_kind=_KIND[row[5]],
        location=row[6],
        size_bytes=row[7],
        mtime_ns=row[8],
        added_at=row[9],
        verdict=row[10],
        verdict_message=row[11],
        proxy_state=_PROXY[row[12]],
        poster=row[13],
        duration=None if row[14] is None else Fraction(row[14], row[15]),
        rate=None if row[16] is None else Fraction(row[16], row[17]),
        width=row[18],
        height=row[19],
        tags=tuple(sorted(row[20].split(_BETWEEN_TAGS), key=str.casefold)) if row[20] else (),
        owner_name=row[21],
        probe=probe,
    )
