"""SQL of schedules."""

from __future__ import annotations

import builtins
from typing import Any

import sqlalchemy as sa
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.inspection.tables import scan_schedules


async def every(conn: AsyncConnection) -> builtins.list[dict[str, Any]]:
    """All of them, by name."""
    query = select(scan_schedules).order_by(sa.func.lower(scan_schedules.c.name), scan_schedules.c.id)
    return [dict(row) for row in (await conn.execute(query)).mappings()]


async def get(conn: AsyncConnection, schedule_id: str) -> dict[str, Any] | None:
    """One of them."""
    row = (
        (await conn.execute(select(scan_schedules).where(scan_schedules.c.id == schedule_id))).mappings().one_or_none()
    )
    return None if row is None else dict(row)


async def add(conn: AsyncConnection, values: dict[str, Any]) -> None:
    """A new one."""
    await conn.execute(insert(scan_schedules).values(values))


async def change(conn: AsyncConnection, schedule_id: str, values: dict[str, Any]) -> None:
    """Change columns."""
    await conn.execute(update(scan_schedules).where(scan_schedules.c.id == schedule_id).values(values))


async def delete(conn: AsyncConnection, schedule_id: str) -> None:
    """Forget one."""
    await conn.execute(sa.delete(scan_schedules).where(scan_schedules.c.id == schedule_id))


async def due(conn: AsyncConnection, now: int) -> builtins.list[dict[str, Any]]:
    """Those whose time has come."""
    query = select(scan_schedules).where(scan_schedules.c.enabled == 1, scan_schedules.c.next_run_at <= now)
    return [dict(row) for row in (await conn.execute(query)).mappings()]


async def claim(conn: AsyncConnection, schedule_id: str, seen: int | None, following: int | None) -> bool:
    """Move it on from the time that was seen; False when somebody else has done so."""
    moved = update(scan_schedules).where(scan_schedules.c.id == schedule_id, scan_schedules.c.next_run_at == seen)
    return (await conn.execute(moved.values(next_run_at=following))).rowcount == 1
