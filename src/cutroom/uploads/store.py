"""SQL of resumable uploads."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.uploads.models import Part, UploadSession, UploadState
from cutroom.uploads.tables import upload_sessions as rows


async def add(conn: AsyncConnection, session: UploadSession) -> None:
    """A new row; raises IntegrityError when its group has that index already."""
    await conn.execute(insert(rows).values(msgspec.to_builtins(session)))


async def get(conn: AsyncConnection, upload_id: str) -> UploadSession | None:
    """One of them."""
    found = (await conn.execute(select(rows).where(rows.c.id == upload_id))).mappings().one_or_none()
    return None if found is None else _session(found)


async def get_many(conn: AsyncConnection, ids: Collection[str]) -> dict[str, UploadSession]:
    """Those that are there, by id."""
    found = (await conn.execute(select(rows).where(rows.c.id.in_(ids)))).mappings()
    return {row["id"]: _session(row) for row in found}


async def of_group(conn: AsyncConnection, group_key: str) -> list[UploadSession]:
    """The chunks of a form, and its file when that is being put together, by index."""
    query = select(rows).where(rows.c.group_key == group_key).order_by(rows.c.group_index)
    return [_session(row) for row in (await conn.execute(query)).mappings()]


async def change(conn: AsyncConnection, upload_id: str, values: dict[str, Any]) -> None:
    """Set columns."""
    await conn.execute(update(rows).where(rows.c.id == upload_id).values(values))


async def finish(conn: AsyncConnection, upload_id: str) -> bool:
    """From open to done; False when somebody else did so, or it has gone."""
    changed = update(rows).where(rows.c.id == upload_id, rows.c.state == UploadState.OPEN.value)
    return (await conn.execute(changed.values(state=UploadState.DONE.value))).rowcount == 1


async def remove(conn: AsyncConnection, ids: Collection[str]) -> None:
    """Delete rows."""
    await conn.execute(delete(rows).where(rows.c.id.in_(ids)))


async def expired(conn: AsyncConnection, now: int, limit: int) -> list[UploadSession]:
    """Those whose time is over, the oldest first."""
    query = select(rows).where(rows.c.expires_at <= now).order_by(rows.c.expires_at).limit(limit)
    return [_session(row) for row in (await conn.execute(query)).mappings()]


async def open_ones(conn: AsyncConnection, ids: Collection[str]) -> list[UploadSession]:
    """Those of these that are not done and not pieces."""
    query = select(rows).where(
        rows.c.id.in_(ids), rows.c.state == UploadState.OPEN.value, rows.c.part != Part.PARTIAL.value
    )
    return [_session(row) for row in (await conn.execute(query)).mappings()]


async def usage(conn: AsyncConnection, owner_id: str) -> tuple[int, int]:
    """How many uploads an account has open, and the bytes they are to have in the end."""
    query = select(func.count(), func.coalesce(func.sum(rows.c.size_bytes), 0)).where(
        rows.c.owner_id == owner_id, rows.c.state == UploadState.OPEN.value, rows.c.part != Part.FINAL.value
    )
    count, total = (await conn.execute(query)).one()
    return int(count), int(total)


async def suspected(conn: AsyncConnection, since: int, resumes: int) -> int:
    """How many uploads, begun since then, were resumed that often though no byte of them ever arrived."""
    query = select(func.count()).where(rows.c.created_at >= since, rows.c.patches == 0, rows.c.empty_resumes >= resumes)
    return int((await conn.execute(query)).scalar_one())


def _session(row: Any) -> UploadSession:
    return msgspec.convert({str(name): value for name, value in row.items()}, UploadSession)
