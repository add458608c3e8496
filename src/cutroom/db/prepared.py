"""Statements that are asked thousands of times a minute: compiled once, and given to the driver without SQLAlchemy.

SQLAlchemy takes 0.2 to 0.3 ms of CPU for a statement that SQLite answers in 0.02 (decision 69).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, cast

from sqlalchemy import ARRAY, JSON, Column, ColumnElement, Executable, Float, Text, bindparam, column, func, select
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from cutroom.db.deadlines import TimedConnection
from cutroom.db.refusals import query_timeout

READS = "cutroom_reads"
"""Set in a connection's `info` while it is only read from: a prepared statement need not wait for a transaction."""

Row = dict[str, Any]
Values = Mapping[str, Any]
Processor = Callable[[Any], Any]
Tuples = Sequence[Sequence[Any]]


class Prepared:
    """A statement whose values are all named, by `bindparam`, by `among`, or as the columns of an INSERT.

    Inside a transaction, and where a connection is only read from, it goes straight to the driver; everywhere else
    SQLAlchemy runs it.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._forms: dict[tuple[str, tuple[str, ...]], _Form] = {}

    async def rows(self, conn: AsyncConnection, values: Values) -> list[Row]:
        """What it finds or returns, by the names of the columns."""
        driver = driver_of(conn)
        if driver is None:
            return [cast(Row, dict(row)) for row in (await conn.execute(self._statement, values)).mappings()]
        form = self._form(conn, values)
        return form.rows(await driver.fetch(form.text, form.bound(values)))

    async def tuples(self, conn: AsyncConnection, values: Values) -> Tuples:
        """The same in the order of the columns."""
        driver = driver_of(conn)
        if driver is None:
            return (await conn.execute(self._statement, values)).all()
        form = self._form(conn, values)
        return form.tuples(await driver.fetch(form.text, form.bound(values)))

    async def row(self, conn: AsyncConnection, values: Values) -> Row | None:
        """The only row, or None."""
        found = await self.rows(conn, values)
        return found[0] if found else None

    async def run(self, conn: AsyncConnection, values: Values) -> None:
        """Run one that finds and returns nothing."""
        driver = driver_of(conn)
        if driver is None:
            await conn.execute(self._statement, values)
            return
        form = self._form(conn, values)
        await driver.fetch(form.text, form.bound(values))

    async def many(self, conn: AsyncConnection, rows: Sequence[Values]) -> None:
        """Run it once for each of these, which have the same names and of which there is at least one."""
        driver = driver_of(conn)
        if driver is None:
            await conn.execute(self._statement, list(rows))
            return
        form = self._form(conn, rows[0])
        await driver.send(form.text, [form.bound(values) for values in rows])

    def _form(self, conn: AsyncConnection, values: Values) -> _Form:
        place = (conn.dialect.name, tuple(values))
        form = self._forms.get(place)
        if form is None:
            form = self._forms[place] = _Form(self._statement, conn.dialect, values)
        return form


def among(asked: Column[str], name: str, dialect: str) -> ColumnElement[bool]:
    """Whether a column is one of the texts of a list that is given under this name, as one value."""
    if dialect == "sqlite":
        listed = func.json_each(bindparam(name, type_=JSON)).table_valued(column("value", Text))
        return asked.in_(select(listed.c.value))
    return asked == func.any(bindparam(name, type_=ARRAY(Text)))


class _Form:
    """The text for one database, and how values go in and come out."""

    def __init__(self, statement: Executable, dialect: Dialect, values: Values) -> None:
        compiled = cast(Any, statement).compile(dialect=dialect, column_keys=list(values))
        assert isinstance(compiled, SQLCompiler)
        if compiled.post_compile_params:
            raise ValueError(f"lists of values cannot be prepared, use `among`: {compiled}")
        made = cast(Mapping[str, Processor], compiled._bind_processors)
        fixed = compiled.construct_params(dict(values))
        self.text, places = str(compiled), compiled.positiontup
        if compiled.literal_execute_params:  # written out, where the database takes no mark
            state = compiled._process_parameters_for_postcompile(fixed)
            self.text, places = state.statement, cast(list[str], state.positiontup)
        self._inputs = [
            (name, None if name in values else _processed(made.get(name), fixed[name]), made.get(name))
            for name in places or ()
        ]
        self._given = frozenset(values)
        self._names = [str(entry.keyname) for entry in compiled._result_columns]
        processors = [_reader(entry.type, dialect) for entry in compiled._result_columns]
        self._outputs = [(place, made) for place, made in enumerate(processors) if made is not None]

    def bound(self, values: Values) -> tuple[Any, ...]:
        """The values in the order of the text's marks."""
        given = self._given
        return tuple(
            (values[name] if made is None else made(values[name])) if name in given else fixed
            for name, fixed, made in self._inputs
        )

    def tuples(self, found: Tuples) -> Tuples:
        """Rows of the driver as SQLAlchemy's types make them."""
        outputs = self._outputs
        if not outputs:
            return found
        rows = []
        for row in found:
            values = list(row)
            for place, made in outputs:
                values[place] = made(values[place])
            rows.append(values)
        return rows

    def rows(self, found: Tuples) -> list[Row]:
        """The same by the names of the columns."""
        names = self._names
        return [dict(zip(names, row, strict=True)) for row in self.tuples(found)]


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    if isinstance(kind, Float) and dialect.name != "sqlite":
        return None  # asyncpg gives floats, and SQLAlchemy would ask for the column's type
    return cast(Processor | None, cast(Any, kind)._cached_result_processor(dialect, None))


def _processed(made: Processor | None, value: Any) -> Any:
    return value if made is None else made(value)


class Driver(Protocol):
    """What lies under one of SQLAlchemy's connections. Raises what SQLAlchemy would."""

    async def fetch(self, text: str, values: tuple[Any, ...]) -> Tuples:
        """Run one statement; its rows, if it has any."""

    async def send(self, text: str, rows: list[tuple[Any, ...]]) -> None:
        """Run one statement with each of these values."""


class _Counting:
    """Counts what is asked, as the listeners of `db.statements` do for SQLAlchemy."""

    def __init__(self, info: Mapping[Any, Any]) -> None:
        self._statements = info.get("cutroom_statements")

    async def counted(self, text: str, work: Awaitable[Any]) -> Any:
        """What `work` returns."""
        if self._statements is None:
            return await work
        began, failed = time.perf_counter(), True
        try:
            found = await work
            failed = False
            return found
        finally:
            self._statements.count(text, time.perf_counter() - began, failed=failed)


class SQLiteDriver(_Counting):
    """A connection of the standard library's driver."""

    def __init__(self, connection: TimedConnection, info: Mapping[Any, Any], dialect: Dialect, thread: Any) -> None:
        super().__init__(info)
        self._connection = connection
        self._dialect = dialect
        self._thread = thread  # that of the asynchronous driver; None: this one

    async def fetch(self, text: str, values: tuple[Any, ...]) -> Tuples:
        """See `Driver`."""
        found: Tuples = await self.counted(text, self._run(_fetch, text, values))
        return found

    async def send(self, text: str, rows: list[tuple[Any, ...]]) -> None:
        """See `Driver`."""
        await self.counted(text, self._run(_send, text, rows))

    async def _run(self, run: Callable[[TimedConnection, str, Any], Tuples], text: str, values: Any) -> Tuples:
        try:
            if self._thread is None:
                return run(self._connection, text, values)
            found: Tuples = await self._thread._execute(run, self._connection, text, values)
            return found
        except sqlite3.Error as error:
            raise DBAPIError.instance(text, None, error, sqlite3.Error, dialect=self._dialect) from error


class PostgresDriver(_Counting):
    """A connection of asyncpg's."""

    def __init__(self, pooled: Any, dialect: Any) -> None:
        super().__init__(pooled.info)
        self._connection = pooled.driver_connection
        self._adapted = pooled.dbapi_connection
        self._dialect = dialect

    async def fetch(self, text: str, values: tuple[Any, ...]) -> Tuples:
        """See `Driver`."""
        found: Tuples = await self.counted(text, self._run(text, self._connection.fetch(text, *values)))
        return found

    async def send(self, text: str, rows: list[tuple[Any, ...]]) -> None:
        """See `Driver`."""
        await self.counted(text, self._run(text, self._connection.executemany(text, rows)))

    async def _run(self, text: str, work: Awaitable[Any]) -> Any:
        try:
            return await work
        except TimeoutError as error:  # the driver's own limit, for a server that hangs
            raise query_timeout() from error
        except Exception as error:  # the edge of the driver: its errors become SQLAlchemy's
            raise self._explained(text, error) from error

    def _explained(self, text: str, error: Exception) -> Exception:
        known = self._dialect.loaded_dbapi.Error
        try:
            self._adapted._handle_exception(error)
        except known as adapted:
            gone = self._connection.is_closed()
            made = DBAPIError.instance(text, None, adapted, known, connection_invalidated=gone, dialect=self._dialect)
            return cast(Exception, made)
        except Exception as other:
            return other
        return error


def driver_of(conn: AsyncConnection) -> Driver | None:
    """None where SQLAlchemy has to do it, because it has not begun a transaction yet."""
    read = getattr(conn, "driver", None)  # of a reader
    if read is not None:
        return cast(Driver, read)
    connection = conn.sync_connection
    assert connection is not None
    pooled: Any = connection.connection
    outer = pooled.driver_connection
    if conn.dialect.name != "sqlite":
        begun = outer.is_in_transaction() or pooled.info.get(READS)
        return PostgresDriver(pooled, conn.dialect) if begun else None
    inner: TimedConnection = outer._conn
    if not inner.in_transaction:
        return None
    return SQLiteDriver(inner, pooled.info, conn.dialect, None if getattr(conn.dialect, "direct", False) else outer)


def _fetch(connection: TimedConnection, text: str, values: Any) -> Tuples:
    connection.allow()
    cursor = connection.execute(text, values)
    found: Tuples = cursor.fetchall()
    cursor.close()
    return found


def _send(connection: TimedConnection, text: str, values: Any) -> Tuples:
    connection.allow()
    connection.executemany(text, values).close()
    return ()
