"""Many rows at once: COPY on PostgreSQL, one statement with many values on SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Table, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

_COPIED_FROM = 50
"""Rows from which COPY is worth it."""


async def insert_rows(conn: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns, in the connection's transaction."""
    if not rows:
        return
    if conn.dialect.name == "sqlite" or len(rows) < _COPIED_FROM:
        await conn.execute(insert(table), list(rows))
        return
    names = list(rows[0])
    process = [_processor(conn, table, name) for name in names]
    raw: Any = (await conn.get_raw_connection()).driver_connection
    if not raw.is_in_transaction():
        await conn.execute(text("SELECT 1"))  # the driver begins one at the first statement that it sees itself
    records = [tuple(make(row[name]) for make, name in zip(process, names, strict=True)) for row in rows]
    await raw.copy_records_to_table(table.name, records=records, columns=names)


def _processor(conn: AsyncConnection, table: Table, name: str) -> Any:
    kind = table.c[name].type.dialect_impl(conn.dialect)
    made = kind.bind_processor(conn.dialect)
    if made is None:
        return lambda value: value
    # A JSON column's None is a missing document here, not the document null.
    return (lambda value: None if value is None else made(value)) if isinstance(kind, JSON) else made
