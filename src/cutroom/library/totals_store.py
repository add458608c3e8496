"""SQL of what an account's footage adds up to."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.library.models import Totals
from cutroom.library.tables import videos

_SECONDS = func.coalesce(func.sum(videos.c.duration_num * 1.0 / videos.c.duration_den), 0.0)
_BY_VERDICT = select(
    videos.c.verdict, func.count(), func.coalesce(func.sum(videos.c.size_bytes), 0), _SECONDS
).group_by(videos.c.verdict)


async def totals(conn: AsyncConnection, owner_id: str) -> Totals:
    """Sums over the videos of one account."""
    rows = (await conn.execute(_BY_VERDICT.where(videos.c.owner_id == owner_id))).all()
    return Totals(
        videos=sum(row[1] for row in rows),
        bytes=sum(int(row[2]) for row in rows),
        seconds=round(float(sum(row[3] for row in rows)), 3),
        by_verdict={row[0]: row[1] for row in sorted(rows)},
    )
