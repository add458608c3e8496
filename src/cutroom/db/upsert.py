"""INSERT that gives way to, or replaces, a row with the same primary key: one spelling for both databases."""

from __future__ import annotations

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_new(conn: AsyncConnection, table: Table) -> Executable:
    """Rows whose key is there already are left out."""
    return _insert(conn, table).on_conflict_do_nothing(index_elements=list(table.primary_key))


def insert_or_replace(conn: AsyncConnection, table: Table) -> Executable:
    """Rows whose key is there already get the new values."""
    statement = _insert(conn, table)
    others = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=others)


def _insert(conn: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if conn.dialect.name == "sqlite" else postgresql.insert(table)
