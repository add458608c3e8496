"""SQL of delivery."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.delivery.models import SigningKey
from cutroom.delivery.tables import delivery_counts, signing_keys


async def keys(conn: AsyncConnection) -> list[SigningKey]:
    """Every key, the newest first."""
    found = await conn.execute(select(signing_keys).order_by(signing_keys.c.created_at.desc(), signing_keys.c.id))
    return [SigningKey(**row._mapping) for row in found]


async def add_key(conn: AsyncConnection, key: SigningKey) -> None:
    """Write a new key."""
    values = {"id": key.id, "secret": key.secret, "created_at": key.created_at, "revoked_at": None}
    await conn.execute(insert(signing_keys).values(values))


async def revoke_all(conn: AsyncConnection, *, at: int) -> int:
    """Revoke what is not revoked; how many those were."""
    where = signing_keys.c.revoked_at.is_(None)
    done = await conn.execute(update(signing_keys).where(where).values(revoked_at=at))
    return done.rowcount


async def count(conn: AsyncConnection, day: str, counts: Mapping[str, int]) -> None:
    """Add to the counts of a day."""
    rows = [{"day": day, "name": name, "value": value} for name, value in sorted(counts.items())]
    upsert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    statement = upsert(delivery_counts).values(rows)
    more = {"value": delivery_counts.c.value + statement.excluded.value}
    await conn.execute(statement.on_conflict_do_update(index_elements=["day", "name"], set_=more))


async def totals(conn: AsyncConnection) -> dict[str, int]:
    """Counts of all days."""
    query = select(delivery_counts.c.name, func.sum(delivery_counts.c.value)).group_by(delivery_counts.c.name)
    return {name: int(value) for name, value in await conn.execute(query)}
