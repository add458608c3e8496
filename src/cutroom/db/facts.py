"""Small things that all processes of an installation have to agree on: a name and a text."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.db.base import metadata

facts = Table("facts", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))


async def get(conn: AsyncConnection, name: str) -> str | None:
    """The text of a name, or None."""
    return (await conn.execute(select(facts.c.value).where(facts.c.name == name))).scalar_one_or_none()


async def settle(conn: AsyncConnection, name: str, value: str) -> str:
    """Write a text unless the name has one; returns the one that stands, whoever wrote it."""
    make = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    await conn.execute(make(facts).values(name=name, value=value).on_conflict_do_nothing())
    return await get(conn, name) or value


async def swap(conn: AsyncConnection, name: str, known: str | None, value: str) -> bool:
    """Replace the text that is known; False when somebody else was faster."""
    if known is None:
        make = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
        written = await conn.execute(make(facts).values(name=name, value=value).on_conflict_do_nothing())
    else:
        written = await conn.execute(
            update(facts).where(facts.c.name == name, facts.c.value == known).values(value=value)
        )
    return bool(written.rowcount)
