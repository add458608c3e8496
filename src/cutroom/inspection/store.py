"""SQL of inspections, of scans and of their results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.db.upsert import insert_new
from cutroom.inspection.tables import inspections, scan_files, scan_results, scans

_SHOWN = [column for column in inspections.c if column.name != "video_id"]


async def add(conn: AsyncConnection, values: dict[str, Any]) -> None:
    """Write one verdict."""
    await conn.execute(insert(inspections).values(values))


async def newest(conn: AsyncConnection, video_id: str, *, limit: int) -> list[dict[str, Any]]:
    """A video's verdicts, newest first."""
    found = await conn.execute(
        select(*_SHOWN).where(inspections.c.video_id == video_id).order_by(inspections.c.created_at.desc()).limit(limit)
    )
    return [dict(row) for row in found.mappings()]


async def one(conn: AsyncConnection, video_id: str, inspection_id: str) -> dict[str, Any] | None:
    """One verdict of a video."""
    found = await conn.execute(
        select(*_SHOWN).where(inspections.c.id == inspection_id, inspections.c.video_id == video_id)
    )
    row = found.mappings().one_or_none()
    return None if row is None else dict(row)


async def results_before(
    conn: AsyncConnection, paths: Sequence[bytes], but: Sequence[int]
) -> dict[bytes, dict[str, Any]]:
    """The newest result of each of these paths, some results left out."""
    table = scan_results.c
    newest_ids = select(func.max(table.id)).where(table.path.in_(paths), table.id.not_in(but)).group_by(table.path)
    found = await conn.execute(select(scan_results).where(table.id.in_(newest_ids)))
    return {bytes(row["path"]): dict(row) for row in found.mappings()}


async def add_scan(conn: AsyncConnection, values: dict[str, Any]) -> None:
    """Begin a scan."""
    await conn.execute(insert(scans).values(values))


async def open_scans(conn: AsyncConnection, request: str) -> list[dict[str, Any]]:
    """The command line's scans of this request that never came to their end, newest first."""
    query = select(scans).where(
        scans.c.request == request, scans.c.state.in_(("running", "stopped")), scans.c.job_id.is_(None)
    )
    found = await conn.execute(query.order_by(scans.c.started_at.desc(), scans.c.id.desc()))
    return [dict(row) for row in found.mappings()]


async def set_scans(conn: AsyncConnection, scan_ids: Sequence[str], values: dict[str, Any]) -> None:
    """Change columns of scans."""
    await conn.execute(update(scans).where(scans.c.id.in_(scan_ids)).values(values))


async def scan(conn: AsyncConnection, scan_id: str) -> dict[str, Any] | None:
    """One scan."""
    row = (await conn.execute(select(scans).where(scans.c.id == scan_id))).mappings().one_or_none()
    return None if row is None else dict(row)


async def add_results(conn: AsyncConnection, rows: list[dict[str, Any]]) -> list[int]:
    """Write a batch of results; their ids, in this order."""
    written = insert(scan_results).returning(scan_results.c.id, sort_by_parameter_order=True)
    return list((await conn.execute(written, rows)).scalars())


async def add_files(conn: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    """Say that these results are of a scan; those that are known to be are left as they are."""
    if rows:
        await conn.execute(insert_new(conn, scan_files), rows)


async def drop_ageless(conn: AsyncConnection, scan_id: str, paths: Sequence[bytes], no_age: int) -> None:
    """Delete a scan's own results of these paths that could not be looked at."""
    table = scan_results.c
    await conn.execute(
        delete(scan_results).where(table.scan_id == scan_id, table.path.in_(paths), table.mtime_ns == no_age)
    )


async def results_of(
    conn: AsyncConnection, paths: Sequence[bytes], *, rules_version: int, probes: bool
) -> list[dict[str, Any]]:
    """Every kept result of these paths by these rules, oldest first; with the probes, which are large, or without."""
    columns = [column for column in scan_results.c if probes or column.name != "probe"]
    query = select(*columns).where(scan_results.c.path.in_(paths), scan_results.c.rules_version == rules_version)
    found = await conn.execute(query.order_by(scan_results.c.id))
    return [dict(row) for row in found.mappings()]


async def baselines_of(conn: AsyncConnection, paths: Sequence[bytes]) -> list[dict[str, Any]]:
    """Every checksum taken while a file was sound, oldest first."""
    table = scan_results.c
    query = select(scan_results).where(
        table.path.in_(paths), table.content_hash.is_not(None), table.status.in_(("healthy", "note"))
    )
    found = await conn.execute(query.order_by(table.id))
    return [dict(row) for row in found.mappings()]


async def history(conn: AsyncConnection, path: bytes, *, limit: int) -> list[dict[str, Any]]:
    """What was ever found out about a path, newest first."""
    query = select(scan_results).where(scan_results.c.path == path).order_by(scan_results.c.id.desc()).limit(limit)
    return [dict(row) for row in (await conn.execute(query)).mappings()]


async def newest_scans(conn: AsyncConnection, *, limit: int) -> list[dict[str, Any]]:
    """Scans, newest first."""
    query = select(scans).order_by(scans.c.started_at.desc(), scans.c.id.desc()).limit(limit)
    return [dict(row) for row in (await conn.execute(query)).mappings()]


async def statuses_now(conn: AsyncConnection) -> dict[str, int]:
    """How many files have which status by their newest result."""
    newest_ids = select(func.max(scan_results.c.id)).group_by(scan_results.c.path)
    query = select(scan_results.c.status, func.count()).where(scan_results.c.id.in_(newest_ids))
    found = await conn.execute(query.group_by(scan_results.c.status))
    return {row[0]: row[1] for row in found}


async def count_results(conn: AsyncConnection) -> int:
    """Rows of results."""
    return (await conn.execute(select(func.count()).select_from(scan_results))).scalar_one()


async def drop_older_results(conn: AsyncConnection, *, keep: int, before: int | None) -> int:
    """Delete what is not among the `keep` newest results of its path (and older than `before`); how many.

    The newest checksum of a sound file stays whatever its age: it is what bit rot is seen by.
    """
    table = scan_results.c
    place = func.row_number().over(partition_by=table.path, order_by=table.id.desc()).label("place")
    ranked = select(table.id, place).subquery()
    sound = select(func.max(table.id)).where(table.content_hash.is_not(None), table.status.in_(("healthy", "note")))
    query = delete(scan_results).where(
        table.id.in_(select(ranked.c.id).where(ranked.c.place > keep)), table.id.not_in(sound.group_by(table.path))
    )
    if before is not None:
        query = query.where(table.created_at < before)
    return (await conn.execute(query)).rowcount


async def drop_empty_scans(conn: AsyncConnection, *, before: int) -> int:
    """Delete scans begun before an instant that no result refers to any more; how many."""
    used = select(scan_results.c.scan_id).distinct()
    done = await conn.execute(delete(scans).where(scans.c.started_at < before, scans.c.id.not_in(used)))
    return done.rowcount
