"""Opening connections: which driver, which settings each one gets, and how a transaction begins."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy.dialects import registry
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from cutroom.core.errors import CutroomError
from cutroom.db.direct import set_flush
from cutroom.db.pooling import Pooling
from cutroom.db.refusals import query_timeout, unreachable

registry.register("sqlite.cutroom", "cutroom.db.sqlite_driver", "Dialect")
registry.register("sqlite.cutroom_direct", "cutroom.db.sqlite_driver", "DirectDialect")

_DIRECT_BUSY_SECONDS = 0.01
_BUSY_PAUSE_SECONDS = 0.005

_KEPT_STATEMENTS = 256  # prepared ones, of each connection
_HANGING_SECONDS = 10.0  # a server that has not stopped a statement so long after its limit does not answer at all


def async_url(url: str, *, direct: bool = False) -> str:
    """The URL with its asynchronous driver named."""
    if url.startswith("sqlite:"):
        return url.replace("sqlite:", "sqlite+cutroom_direct:" if direct else "sqlite+cutroom:", 1)
    if url.startswith(("postgresql:", "postgres:")):
        return "postgresql+asyncpg:" + url.split(":", 1)[1]
    if url.startswith(("sqlite+cutroom:", "postgresql+asyncpg:")):
        return url
    raise CutroomError(
        "db.url-unknown",
        f"The database URL starts with {url.split(':', 1)[0]!r}, which is neither sqlite nor postgresql.",
        hint="Set CUTROOM_DATABASE_URL to postgresql://USER@HOST/NAME, or leave it empty for SQLite.",
    )


def make_engine(url: str, pooling: Pooling, *, direct: bool = False) -> AsyncEngine:
    """The engine of a `sqlite:///ABSOLUTE/PATH` or `postgresql://…`.

    `direct` runs SQLite's statements in the event loop's thread.
    """
    named = async_url(url, direct=direct)
    return _sqlite(named, pooling, direct=direct) if named.startswith("sqlite") else _postgres(named, pooling)


def _postgres(url: str, pooling: Pooling) -> AsyncEngine:
    parts = make_url(url)
    dsn = parts.set(drivername="postgresql").render_as_string(hide_password=False)
    limit = pooling.query_seconds
    engine = create_async_engine(
        # asyncpg understands what libpq's URLs say about TLS (sslmode, sslrootcert, sslcert, sslkey), SQLAlchemy not.
        parts.set(query={}),
        pool_size=pooling.size,
        max_overflow=pooling.overflow,
        pool_timeout=pooling.wait_seconds,
        pool_recycle=pooling.recycle_seconds,
        pool_pre_ping=pooling.pre_ping,
        connect_args={
            "dsn": dsn,
            "async_creator_fn": _connect,
            "prepared_statement_cache_size": _KEPT_STATEMENTS,
            "command_timeout": limit + _HANGING_SECONDS if limit else None,
            "server_settings": {"application_name": "cutroom", "statement_timeout": str(int(limit * 1000))},
        },
    )

    @event.listens_for(engine.sync_engine, "begin")
    def begin(conn: Any) -> None:
        if conn.get_execution_options().get("cutroom_unhurried"):
            conn.exec_driver_sql("SET LOCAL statement_timeout = 0")

    @event.listens_for(engine.sync_engine, "handle_error")
    def late(context: ExceptionContext) -> BaseException | None:
        # The driver's own limit, for a server that hangs; asyncio's error must not pass for one of the caller's.
        return query_timeout() if isinstance(context.original_exception, asyncio.TimeoutError) else None

    return engine


async def _connect(*arguments: Any, **named: Any) -> Any:
    import asyncpg

    try:
        return await asyncpg.connect(*arguments, **named)
    except OSError as error:  # refused, no such host, no certificate that is trusted
        raise unreachable(error) from error


def _sqlite(url: str, pooling: Pooling, *, direct: bool) -> AsyncEngine:
    from cutroom.db.deadlines import TimedConnection

    busy_seconds = _DIRECT_BUSY_SECONDS if direct else pooling.busy_seconds
    engine = create_async_engine(
        url,
        pool_size=pooling.size,
        max_overflow=pooling.overflow,
        pool_timeout=pooling.wait_seconds,
        connect_args={
            "timeout": busy_seconds,
            "check_same_thread": not direct,
            "factory": TimedConnection,
            "cached_statements": _KEPT_STATEMENTS,
        },
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(dbapi_connection: Any, _record: Any) -> None:
        # The driver's own implicit BEGIN is deferred; ours below must decide, so it is switched off.
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={int(busy_seconds * 1000)}")
        # SQLite does not wait by itself when two processes turn a new file to WAL at the same moment.
        _patiently(cursor, "PRAGMA journal_mode=WAL", pooling.busy_seconds)
        for pragma in ("synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(conn: Any) -> None:
        if conn.connection.driver_connection._conn.in_transaction:
            return  # `db.direct` has begun it
        # A read transaction that turns to writing gets SQLITE_BUSY_SNAPSHOT at once, whatever the timeout.
        options = conn.get_execution_options()
        flush = options.get("cutroom_write")
        unhurried = options.get("cutroom_unhurried") or not pooling.query_seconds
        conn.connection.driver_connection._conn.limit = math.inf if unhurried else pooling.query_seconds
        cursor = conn.connection.cursor()
        if flush is None:
            cursor.execute("BEGIN")
        else:
            set_flush(cursor, conn.info, flush)
            _patiently(cursor, "BEGIN IMMEDIATE", pooling.busy_seconds if direct else 0.0)
        cursor.close()

    return engine


def _patiently(cursor: Any, statement: str, patience_seconds: float) -> None:
    """Try again while the database is locked; the event loop goes on meanwhile."""
    until = time.monotonic() + patience_seconds
    while True:
        try:
            cursor.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
        await_only(asyncio.sleep(_BUSY_PAUSE_SECONDS))
