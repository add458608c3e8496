"""SQL of scans that the server runs: pages, results, and what deleting one leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Text,
    case,
    cast,
    delete,
    func,
    literal,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.inspection.tables import inspections, scan_files, scan_results, scans
from cutroom.inspection.vocabulary import Status
from cutroom.library.models import LocationKind
from cutroom.library.tables import videos

_RESULT = [
    scan_results.c[name]
    for name in (
        "id", "scan_id", "path", "size_bytes", "mtime_ns", "mode", "rules_version", "status", "confidence", "severity",
        "duration_seconds", "seconds_spent", "findings", "content_hash", "created_at",
    )
]  # fmt: skip


async def page(
    conn: AsyncConnection, *, state: str | None, after: tuple[int, str] | None, limit: int
) -> list[dict[str, Any]]:
    """Scans, newest first."""
    query = select(scans).order_by(scans.c.started_at.desc(), scans.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(scans.c.state == state)
    if after is not None:
        query = query.where(tuple_(scans.c.started_at, scans.c.id) < tuple_(literal(after[0]), literal(after[1])))
    return [dict(row) for row in (await conn.execute(query)).mappings()]


async def running(conn: AsyncConnection, request: str) -> dict[str, Any] | None:
    """The server's scan of this request that is waiting or under way."""
    query = select(scans).where(
        scans.c.request == request, scans.c.state.in_(("queued", "running")), scans.c.job_id.is_not(None)
    )
    row = (await conn.execute(query.limit(1))).mappings().first()
    return None if row is None else dict(row)


async def delete_scan(conn: AsyncConnection, scan_id: str) -> None:
    """Delete a scan and its results; those that other scans have reported again become the newest of these scans'."""
    other = (
        select(func.max(scan_files.c.scan_id))
        .where(scan_files.c.result_id == scan_results.c.id, scan_files.c.scan_id != scan_id)
        .scalar_subquery()
    )
    await conn.execute(
        update(scan_results).where(scan_results.c.scan_id == scan_id, other.is_not(None)).values(scan_id=other)
    )
    await conn.execute(delete(scans).where(scans.c.id == scan_id))


async def results(
    conn: AsyncConnection,
    scan_id: str,
    *,
    statuses: Sequence[Status],
    q: str,
    after: tuple[int, str, int] | None,
    limit: int,
    probes: bool = False,
) -> list[dict[str, Any]]:
    """Results of a scan with `kept`, and `probe` where asked, the worst first, then by path."""
    more = [scan_results.c.probe] if probes else []
    query = (
        select(*_RESULT, *more, scan_files.c.kept, scan_files.c.path.label("shown"), scan_files.c.rank)
        .join_from(scan_files, scan_results, scan_results.c.id == scan_files.c.result_id)
        .where(scan_files.c.scan_id == scan_id)
        .order_by(scan_files.c.rank, scan_files.c.path, scan_files.c.result_id)
        .limit(limit)
    )
    if statuses:
        query = query.where(scan_files.c.rank.in_([status.rank for status in statuses]))
    if q:
        query = query.where(_contains(scan_files.c.path, q))
    if after is not None:
        here = tuple_(scan_files.c.rank, scan_files.c.path, scan_files.c.result_id)
        query = query.where(here > tuple_(*map(literal, after)))
    return [dict(row) for row in (await conn.execute(query)).mappings()]


async def result(conn: AsyncConnection, result_id: int) -> dict[str, Any] | None:
    """One result, with its path as it is shown."""
    shown = select(func.min(scan_files.c.path)).where(scan_files.c.result_id == scan_results.c.id).scalar_subquery()
    query = select(*_RESULT, shown.label("shown")).where(scan_results.c.id == result_id)
    row = (await conn.execute(query)).mappings().one_or_none()
    return None if row is None else dict(row)


async def video_verdict(conn: AsyncConnection, inspection_id: str) -> dict[str, Any] | None:
    """One verdict of a video's history, with the video's place and name."""
    query = (
        select(inspections, videos.c.name, videos.c.location, videos.c.location_kind)
        .join_from(inspections, videos, videos.c.id == inspections.c.video_id)
        .where(inspections.c.id == inspection_id)
    )
    row = (await conn.execute(query)).mappings().one_or_none()
    return None if row is None else dict(row)


async def newest(
    conn: AsyncConnection, *, statuses: Sequence[Status], q: str, after: tuple[int, str, str] | None, limit: int
) -> list[tuple[str, str]]:
    """The newest verdict on every file: (id, path as it is shown), the worst first, then by path.

    Ids are those of results, or of inspections where the file is a video of the library.
    """
    every = _newest_of_all().subquery()
    query = select(every.c.id, every.c.shown, every.c.rank).order_by(every.c.rank, every.c.shown, every.c.id)
    if statuses:
        query = query.where(every.c.rank.in_([status.rank for status in statuses]))
    if q:
        query = query.where(_contains(every.c.shown, q))
    if after is not None:
        query = query.where(tuple_(every.c.rank, every.c.shown, every.c.id) > tuple_(*map(literal, after)))
    return [(row[0], row[1]) for row in await conn.execute(query.limit(limit))]


async def statuses_now(conn: AsyncConnection) -> dict[int, int]:
    """How many files have which rank by their newest verdict."""
    every = _newest_of_all().subquery()
    found = await conn.execute(select(every.c.rank, func.count()).group_by(every.c.rank))
    return {row[0]: row[1] for row in found}


async def count_verdicts(conn: AsyncConnection) -> int:
    """Verdicts kept about files and videos."""
    ours = select(func.count()).select_from(scan_results).scalar_subquery()
    theirs = select(func.count()).select_from(inspections).scalar_subquery()
    return int((await conn.execute(select(ours + theirs))).scalar_one())


async def finished(conn: AsyncConnection, *, limit: int) -> list[dict[str, Any]]:
    """The newest scans that came to their end, newest first."""
    query = select(scans).where(scans.c.state == "done").order_by(scans.c.started_at.desc(), scans.c.id.desc())
    return [dict(row) for row in (await conn.execute(query.limit(limit))).mappings()]


def _newest_of_all() -> Any:
    """One row a file. What the library knows of a path counts there: scans tell it what they find."""
    reference = LocationKind.REFERENCE.value
    in_library = select(videos.c.location).where(
        videos.c.location_kind == reference,
        select(inspections.c.id).where(inspections.c.video_id == videos.c.id).exists(),
    )
    last = select(func.max(scan_results.c.id).label("id")).group_by(scan_results.c.path).subquery()
    shown = select(func.min(scan_files.c.path)).where(scan_files.c.result_id == scan_results.c.id).scalar_subquery()
    files = (
        select(
            cast(scan_results.c.id, Text).label("id"),
            func.coalesce(shown, "").label("shown"),
            _rank(scan_results.c.status).label("rank"),
        )
        .join_from(last, scan_results, scan_results.c.id == last.c.id)
        .where(scan_results.c.path.not_in(in_library))
    )
    # Ids begin with the time, so the largest of a video is its newest.
    latest = select(func.max(inspections.c.id).label("id")).group_by(inspections.c.video_id).subquery()
    library = (
        select(inspections.c.id, videos.c.name.label("shown"), _rank(inspections.c.status).label("rank"))
        .join_from(latest, inspections, inspections.c.id == latest.c.id)
        .join(videos, videos.c.id == inspections.c.video_id)
    )
    return union_all(files, library)


def _rank(status: ColumnElement[str]) -> ColumnElement[int]:
    return case(*((status == one.value, one.rank) for one in Status), else_=len(Status))


def _contains(column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    return func.lower(column).contains(text.lower(), autoescape=True)
