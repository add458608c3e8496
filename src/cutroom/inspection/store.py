"""SQL of inspections."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.inspection.tables import inspections

_SHOWN = [column for column in inspections.c if column.name not in {"video_id", "size_bytes", "mtime_ns"}]


async def add(conn: AsyncConnection, values: dict[str, Any]) -> None:
    """Write one verdict."""
    await conn.execute(insert(inspections).values(values))


async def newest(conn: AsyncConnection, video_id: str, *, limit: int) -> list[dict[str, Any]]:
    """A video's verdicts, newest first."""
    found = await conn.execute(
        select(*_SHOWN).where(inspections.c.video_id == video_id).order_by(inspections.c.created_at.desc()).limit(limit)
    )
    return [dict(row) for row in found.mappings()]
