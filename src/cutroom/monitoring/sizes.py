"""What is in the database: rows, bytes, indexes, and how much of it is holes; and tidying that up."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import Any

import msgspec
from sqlalchemy import text

from cutroom.db.engine import Database


class TableSize(msgspec.Struct, frozen=True, kw_only=True):
    """One table. On PostgreSQL rows are an estimate."""

    name: str
    rows: int
    bytes: int
    index_bytes: int
    indexes: list[str]
    holes: float  # part of it that holds nothing: free space in pages, or dead rows


class DatabaseSize(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it."""

    engine: str
    bytes: int
    holes: float  # of the file: pages that hold nothing
    tables: list[TableSize]  # the largest first


_POSTGRES = text("""
SELECT c.relname AS name,
       CASE WHEN c.reltuples < 0 THEN coalesce(s.n_live_tup, 0) ELSE c.reltuples END::bigint AS rows,
       pg_table_size(c.oid) AS bytes, pg_indexes_size(c.oid) AS index_bytes,
       coalesce(s.n_dead_tup::float / nullif(s.n_live_tup + s.n_dead_tup, 0), 0) AS holes,
       array(SELECT i.relname::text FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
             WHERE x.indrelid = c.oid ORDER BY 1) AS indexes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE c.relkind = 'r' AND n.nspname = 'public' ORDER BY pg_total_relation_size(c.oid) DESC
""")


async def sizes(database: Database) -> DatabaseSize:
    """Looked at now; on SQLite every page's head is read, which takes a second for a gigabyte or two."""
    if database.is_sqlite:
        return await asyncio.to_thread(_of_sqlite, str(database.engine.url.database))
    async with database.engine.connect() as conn:
        rows = (await conn.execute(_POSTGRES)).mappings().all()
        whole = (await conn.execute(text("SELECT pg_database_size(current_database())"))).scalar_one()
    tables = [msgspec.convert(dict(row), TableSize, strict=False) for row in rows]
    dead = sum(one.holes * one.bytes for one in tables) / max(1, sum(one.bytes for one in tables))
    return DatabaseSize(engine="PostgreSQL", bytes=whole, holes=dead, tables=tables)


async def analyze(database: Database) -> None:
    """Renew the statistics that plans are made from."""
    async with database.transaction(unhurried=True) as tx:
        if database.is_sqlite:
            await tx.conn.exec_driver_sql("PRAGMA analysis_limit = 1000")
        await tx.conn.exec_driver_sql("ANALYZE")


async def optimize(database: Database) -> None:
    """Renew the statistics, merge the search index, and let go of what deleted rows have left."""
    await analyze(database)
    if database.is_sqlite:
        async with database.transaction(unhurried=True) as tx:
            await tx.conn.exec_driver_sql("INSERT INTO search_words(search_words, rank) VALUES ('merge', 500)")
        async with database.engine.connect() as conn:
            raw: Any = (await conn.get_raw_connection()).driver_connection
            await raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    async with database.engine.connect() as plain:
        conn = await plain.execution_options(isolation_level="AUTOCOMMIT")
        await conn.exec_driver_sql("SET statement_timeout = 0")
        await conn.exec_driver_sql("VACUUM (ANALYZE)")
        await plain.invalidate()


def _of_sqlite(path: str) -> DatabaseSize:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
        pages, free, page_size = (
            conn.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        taken = {
            name: (size, unused)
            for name, size, unused in conn.execute("SELECT name, sum(pgsize), sum(unused) FROM dbstat GROUP BY name")
        }
        names = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 ORDER BY name")
        tables = [_table(conn, name, taken) for (name,) in names.fetchall()]
    tables.sort(key=lambda one: -(one.bytes + one.index_bytes))
    return DatabaseSize(engine="SQLite", bytes=pages * page_size, holes=free / max(1, pages), tables=tables)


def _table(conn: sqlite3.Connection, name: str, taken: dict[str, tuple[int, int]]) -> TableSize:
    indexes = [row[1] for row in conn.execute(f'PRAGMA index_list("{name}")')]
    size, unused = taken.get(name, (0, 0))
    return TableSize(
        name=name,
        rows=conn.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0],  # noqa: S608
        bytes=size,
        index_bytes=sum(taken.get(index, (0, 0))[0] for index in indexes),
        indexes=sorted(indexes),
        holes=unused / max(1, size),
    )
