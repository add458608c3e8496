"""Very many videos, made inside the database."""

from __future__ import annotations

from sqlalchemy import text

from cutroom.db.engine import Database
from tests.conftest import WHOLE

MANY = 200_000 if WHOLE else 20_000
RARE = "zanzibar"

_NUMBERS = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {number})"
_NAME = (
    "CASE n % 4 WHEN 0 THEN 'berlin' WHEN 1 THEN 'paris' WHEN 2 THEN 'madrid' ELSE 'london' END || ' take ' || n || "
    "CASE n % 5000 WHEN 0 THEN ' zanzibar' ELSE '' END"
)
_VIDEO = (
    "'vid_' || n, 'ast_' || n, 'shared', {name}, 'reference', {location}, 1000 + n, n, 1000000 + n, "
    "CASE n % 1000 WHEN 0 THEN 'corrupt' ELSE 'healthy' END, 'ready', n, 25, 25, 1"
)
_COLUMNS = (
    "id, asset_id, visibility, name, location_kind, location, size_bytes, mtime_ns, added_at, verdict, proxy_state, "
    "duration_num, duration_den, rate_num, rate_den"
)


async def fill(database: Database, number: int = MANY) -> None:
    """So many videos, each with its asset and its document; a quarter are called berlin, a few zanzibar."""
    location = "CAST('/f/' || n AS BLOB)" if database.is_sqlite else "convert_to('/f/' || n, 'UTF8')"
    numbers, video = _NUMBERS.format(number=number), _VIDEO.format(name=_NAME, location=location)
    async with database.transaction(unhurried=True) as tx:
        for into, values in (
            ("assets (id, size_bytes, created_at)", "'ast_' || n, 1000 + n, n"),
            (f"videos ({_COLUMNS})", video),
            ("search_documents (video_id, name, tags, transcript)", f"'vid_' || n, {_NAME}, '', ''"),
        ):
            await tx.conn.execute(text(f"INSERT INTO {into} {numbers} SELECT {values} FROM s"))
        words = ("berlin", "paris", "madrid", "london", "take", RARE)
        await tx.conn.execute(text("INSERT INTO search_terms VALUES (:term)"), [{"term": word} for word in words])
        slips = [{"slip": w[:i] + w[i + 1 :], "term": w} for w in words for i in range(len(w))]
        await tx.conn.execute(text("INSERT INTO search_slips VALUES (:slip, :term) ON CONFLICT DO NOTHING"), slips)
    async with database.transaction(unhurried=True) as tx:
        await tx.conn.execute(text("ANALYZE"))
