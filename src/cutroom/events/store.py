"""SQL of the outbox."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Integer, bindparam, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core import clock
from cutroom.db.prepared import Prepared
from cutroom.db.watch import CHANNEL
from cutroom.events.models import Note, OutboxRow
from cutroom.events.tables import outbox

_INSERT = Prepared(insert(outbox))
_NOTIFY = text(f"NOTIFY {CHANNEL}")
_COLUMNS = (
    outbox.c.id,
    outbox.c.topic,
    outbox.c.subject,
    outbox.c.audience,
    outbox.c.payload,
    outbox.c.created_at,
)
_AFTER = Prepared(  # it is asked after every commit
    select(*_COLUMNS)
    .where(outbox.c.id > bindparam("row_id"))
    .order_by(outbox.c.id)
    .limit(bindparam("most", type_=Integer))
)


async def insert_rows(conn: AsyncConnection, notes: Sequence[Note]) -> None:
    """Append; PostgreSQL is told to wake its listeners at the commit."""
    if not notes:
        return
    at = clock.now()
    await _INSERT.many(
        conn,
        [
            {
                "topic": note.topic,
                "subject": note.subject,
                "audience": note.audience,
                "payload": note.payload,
                "created_at": at,
            }
            for note in notes
        ],
    )
    if conn.dialect.name == "postgresql":
        await conn.execute(_NOTIFY)


async def after(conn: AsyncConnection, row_id: int, *, limit: int) -> list[OutboxRow]:
    """The rows after an id, oldest first."""
    return [OutboxRow(**row) for row in await _AFTER.rows(conn, {"row_id": row_id, "most": limit})]


async def latest_id(conn: AsyncConnection) -> int:
    """The newest id; 0 in an empty outbox."""
    return (await conn.execute(select(func.max(outbox.c.id)))).scalar() or 0


async def oldest_id(conn: AsyncConnection) -> int | None:
    """The oldest id that is kept."""
    oldest: int | None = (await conn.execute(select(func.min(outbox.c.id)))).scalar()
    return oldest


async def prune(conn: AsyncConnection, *, keep_rows: int, before: int) -> int:
    """Delete rows written before an instant that are not among the newest `keep_rows`."""
    newest = await latest_id(conn)
    gone = await conn.execute(delete(outbox).where(outbox.c.id <= newest - keep_rows, outbox.c.created_at < before))
    return gone.rowcount
