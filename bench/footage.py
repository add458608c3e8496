"""A library of many videos, an account and its token, in a database of either kind."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

SECRET = "ctr_benchbenchbenchbenchbenchbenchbenchbench"
_VIDEO = (
    "id, asset_id, owner_id, visibility, name, location_kind, location, size_bytes, mtime_ns, added_at, verdict,"
    " proxy_state, duration_num, duration_den, rate_num, rate_den, width, height"
)

Table = tuple[str, str, Iterable[tuple[Any, ...]]]


def tables(videos: int) -> Iterator[Table]:
    """Name, columns and rows of each table, in the order in which they refer to each other."""
    now = time.time_ns() // 1000
    digest = hashlib.sha256(SECRET.encode()).hexdigest()
    yield "accounts", "id, name, role, created_at", [("acc_b", "bench", "administrator", now)]
    yield (
        "tokens",
        "id, account_id, name, secret_hash, created_at, last_used_at",
        [("tok_b", "acc_b", "b", digest, now, now)],
    )
    yield "assets", "id, size_bytes, created_at", ((f"ast_{n:07d}", 1_000_000, now) for n in range(videos))
    yield "videos", _VIDEO, (_video(n, now) for n in range(videos))


def _video(n: int, now: int) -> tuple[Any, ...]:
    place = f"/footage/{n}".encode()
    who = (f"vid_{n:07d}", f"ast_{n:07d}", "acc_b", "shared", f"take {n:07d}.mp4", "reference", place)
    return (*who, 1_000_000, 0, now + n, "healthy", "ready", 1001, 20, 30000, 1001, 1920, 1080)


def into_sqlite(path: Path, videos: int) -> None:
    """A new SQLite database at `path`."""
    asyncio.run(_upgraded(f"sqlite:///{path}", path))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        with connection:
            for name, columns, rows in tables(videos):
                marks = ", ".join("?" * (columns.count(",") + 1))
                connection.executemany(f"INSERT INTO {name} ({columns}) VALUES ({marks})", rows)
        connection.execute("ANALYZE")


def into_postgres(url: str, videos: int) -> None:
    """Fill an empty PostgreSQL database."""
    asyncio.run(_upgraded(url, None))
    asyncio.run(_copied(url, videos))


async def _upgraded(url: str, path: Path | None) -> None:
    from cutroom.db.engine import Database
    from cutroom.db.upgrade import upgrade

    database = Database(url)
    await upgrade(database, sqlite_path=path)
    await database.close()


async def _copied(url: str, videos: int) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    for name, columns, rows in tables(videos):
        await connection.copy_records_to_table(name, records=rows, columns=columns.split(", "))
    await connection.execute("ANALYZE")
    await connection.close()
