"""SQL of checksums, and of the files that share one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CompoundSelect, LargeBinary, func, literal, select, tuple_, type_coerce, union
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.db.upsert import insert_or_replace
from cutroom.inspection.tables import file_hashes
from cutroom.library.models import LocationKind
from cutroom.library.tables import assets, videos

_FIELDS = ("path", "size_bytes", "mtime_ns", "content_hash")


async def put(conn: AsyncConnection, rows: Sequence[dict[str, Any]], at: int) -> None:
    """Write the newest checksums; `rows` have at least path, size_bytes, mtime_ns and content_hash."""
    if rows:
        values = [{**{name: row[name] for name in _FIELDS}, "taken_at": at} for row in rows]
        await conn.execute(insert_or_replace(conn, file_hashes), values)


async def known(conn: AsyncConnection, paths: Sequence[bytes]) -> dict[bytes, dict[str, Any]]:
    """The kept checksums of these paths: those taken here, and those of the library."""
    found: dict[bytes, dict[str, Any]] = {}
    for start in range(0, len(paths), 500):
        query = _every(paths[start : start + 500]).subquery()
        for row in (await conn.execute(select(query).where(query.c.path.in_(paths[start : start + 500])))).mappings():
            found[bytes(row["path"])] = dict(row)
    return found


async def groups(
    conn: AsyncConnection, *, after: tuple[int, str] | None, limit: int
) -> list[tuple[str, int, int, int]]:
    """Checksums that several paths share: (content_hash, size_bytes, paths, bytes too many), the last descending."""
    every = _every(None).subquery()
    number, size = func.count(), func.max(every.c.size_bytes)
    wasted = (size * (number - 1)).label("wasted")
    shared = (
        select(every.c.content_hash, size.label("size_bytes"), number.label("number"), wasted)
        .where(every.c.size_bytes > 0)
        .group_by(every.c.content_hash)
        .having(number > 1)
        .subquery()
    )
    query = select(shared).order_by(shared.c.wasted.desc(), shared.c.content_hash.desc()).limit(limit)
    if after is not None:
        query = query.where(tuple_(shared.c.wasted, shared.c.content_hash) < tuple_(*map(literal, after)))
    return [(row[0], int(row[1]), int(row[2]), int(row[3])) for row in await conn.execute(query)]


async def sharers(
    conn: AsyncConnection, content_hashes: Sequence[str], *, most: int
) -> dict[str, list[dict[str, Any]]]:
    """The places of each of these contents: {path, size_bytes, mtime_ns, content_hash, kind}."""
    every = _every(None).subquery()
    query = select(every).where(every.c.content_hash.in_(content_hashes)).order_by(every.c.path)
    found: dict[str, list[dict[str, Any]]] = {}
    for row in (await conn.execute(query)).mappings():
        places = found.setdefault(row["content_hash"], [])
        if len(places) < most:
            places.append(dict(row))
    return found


def _every(paths: Sequence[bytes] | None) -> CompoundSelect[Any]:
    """All that is known: one row a place. `kind` is a file's, or how the library finds the video."""
    file = select(
        file_hashes.c.path,
        file_hashes.c.size_bytes,
        file_hashes.c.mtime_ns,
        file_hashes.c.content_hash,
        literal(LocationKind.REFERENCE.value).label("kind"),
    )
    video = select(
        type_coerce(videos.c.location, LargeBinary).label("path"),
        videos.c.size_bytes,
        videos.c.mtime_ns,
        assets.c.content_hash,
        videos.c.location_kind.label("kind"),
    ).join(assets, assets.c.id == videos.c.asset_id)
    video = video.where(assets.c.content_hash.is_not(None))
    if paths is not None:
        file = file.where(file_hashes.c.path.in_(paths))
        video = video.where(videos.c.location.in_(paths), videos.c.location_kind == LocationKind.REFERENCE.value)
    else:
        # The library is asked first: what it knows of a path is newer than what a scan once saw.
        here = select(videos.c.location).join(assets, assets.c.id == videos.c.asset_id)
        here = here.where(videos.c.location_kind == LocationKind.REFERENCE.value, assets.c.content_hash.is_not(None))
        file = file.where(file_hashes.c.path.not_in(here))
    return union(file, video)
