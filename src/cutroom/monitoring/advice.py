"""Index advice: from the statements that take the time to the indexes whose gain is worth what writing them costs."""

from __future__ import annotations

import asyncio
import math
import warnings
from collections.abc import Sequence
from pathlib import Path

import msgspec
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import SAWarning

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.db.engine import Database
from cutroom.monitoring import slow
from cutroom.monitoring.candidates import Candidate, candidates, written_tables
from cutroom.monitoring.slow import SlowStatement
from cutroom.monitoring.trials import PostgresTrial, SQLiteTrial, on_sqlite

_LOOKED_AT = 40  # statements
_WORTH_COST = 200.0  # a statement below this cost is quick as it is
_BETTER = 0.5  # the cost has to fall below this part of what it was
_WRITE_COST = 8.0  # of keeping one more index at one written row, in visited rows


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """One index that is proposed."""

    table: str
    columns: list[str]
    sql: str
    cost_before: float  # the planner's units on PostgreSQL, visited rows on SQLite; of one call
    cost_after: float
    calls: int  # of the statements it helps
    writes: int  # calls that change the table
    gain: float  # calls × what each saves, less what the writes cost
    helps: list[str]  # fingerprints


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What one statement gains by one index."""

    candidate: Candidate
    statement: SlowStatement
    before: float
    after: float


class Advising(msgspec.Struct, frozen=True, kw_only=True):
    """What `cutroom db advise` shows."""

    looked_at: int  # statements
    advice: list[Advice]  # the largest gain first
    hint: str | None  # what would make it better


async def advise(database: Database, folder: Path) -> Advising:
    """Look at what has taken the most time and try what could help; nothing is created."""
    found = await slow.report(database, folder, limit=_LOOKED_AT)
    async with database.engine.connect() as conn:
        columns, existing = await conn.run_sync(_schema)
    wanted = []
    for one in found.statements:
        some = candidates(one.example, sqlite=database.is_sqlite, columns=columns)
        wanted.append((one, [each for each in some if not _is_covered(each, existing)]))
    if database.is_sqlite:
        path = str(database.engine.url.database)
        tried = await asyncio.to_thread(on_sqlite, path, lambda trial: _try_on_sqlite(trial, wanted))
        hint = None
    else:
        tried, hint = await _try_on_postgres(database, wanted)
    writes = _writes(found.statements, sqlite=database.is_sqlite)
    return Advising(looked_at=len(wanted), advice=_worthwhile(tried, writes, sqlite=database.is_sqlite), hint=hint)


async def apply(database: Database, advice: Sequence[Advice]) -> list[str]:
    """Create the indexes; on PostgreSQL while others go on writing. Returns what was run.

    Raises `db.index-failed` when one cannot be made; what was half made is taken away.
    """
    done = []
    for one in advice:
        candidate = Candidate(table=one.table, columns=tuple(one.columns))
        if database.is_sqlite:
            async with database.transaction(unhurried=True) as tx:
                await tx.conn.exec_driver_sql(one.sql)
        else:
            await _concurrently(database, one.sql, candidate.name)
        done.append(one.sql)
    return done


async def _concurrently(database: Database, sql: str, name: str) -> None:
    async with database.engine.connect() as plain:
        conn = await plain.execution_options(isolation_level="AUTOCOMMIT")
        await conn.exec_driver_sql("SET statement_timeout = 0")
        try:
            await conn.exec_driver_sql(sql)
        except Exception as error:
            # What a failed CONCURRENTLY leaves behind is of no use, but has to be kept up by every write.
            await conn.exec_driver_sql(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')
            raise CutroomError(
                "db.index-failed", f"The index {name} could not be made: {error}.", kind=ErrorKind.FAILED
            ) from error
        finally:
            await plain.invalidate()  # its time limit is off


def _schema(conn: Connection) -> tuple[dict[str, set[str]], dict[str, list[list[str]]]]:
    """Columns and the columns of indexes, primary keys among them, by table."""
    looking = inspect(conn)
    columns, existing = {}, {}
    for table in looking.get_table_names():
        columns[table] = {column["name"] for column in looking.get_columns(table)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # SQLite's indexes on expressions are no columns' anyway
            known = [[name or "" for name in one["column_names"]] for one in looking.get_indexes(table)]
        existing[table] = [*known, list(looking.get_pk_constraint(table)["constrained_columns"])]
    return columns, existing


def _is_covered(candidate: Candidate, existing: dict[str, list[list[str]]]) -> bool:
    """Whether an index begins with these columns already."""
    wanted = [one.removesuffix(" DESC") for one in candidate.columns]
    return any(one[: len(wanted)] == wanted for one in existing.get(candidate.table, []))


def _try_on_sqlite(trial: SQLiteTrial, wanted: Sequence[tuple[SlowStatement, list[Candidate]]]) -> list[Tried]:
    found = []
    for statement, some in wanted:
        before = trial.cost(statement.example, None) if some else None
        for candidate in some if before is not None and before >= _WORTH_COST else ():
            after = trial.cost(statement.example, candidate)
            if before is not None and after is not None:
                found.append(Tried(candidate=candidate, statement=statement, before=before, after=after))
    return found


async def _try_on_postgres(
    database: Database, wanted: Sequence[tuple[SlowStatement, list[Candidate]]]
) -> tuple[list[Tried], str | None]:
    found = []
    async with database.engine.connect() as conn:
        if not await PostgresTrial.ready(conn):
            return [], "Nothing could be tried: install hypopg (apt-get install postgresql-15-hypopg) and ask again."
        trial = PostgresTrial(conn)
        for statement, some in wanted:
            before = await trial.cost(statement.example, None) if some else None
            for candidate in some if before is not None and before >= _WORTH_COST else ():
                after = await trial.cost(statement.example, candidate)
                if before is not None and after is not None:
                    found.append(Tried(candidate=candidate, statement=statement, before=before, after=after))
        await conn.rollback()
    return found, None


def _writes(statements: Sequence[SlowStatement], *, sqlite: bool) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in statements:
        for table in written_tables(one.example, sqlite=sqlite):
            found[table] = found.get(table, 0) + one.calls
    return found


def _worthwhile(tried: Sequence[Tried], writes: dict[str, int], *, sqlite: bool) -> list[Advice]:
    """For each statement its best index; of those, the ones that gain more than they cost."""
    best: dict[str, Tried] = {}
    for one in tried:
        known = best.get(one.statement.fingerprint)
        shorter = known is None or (one.after, len(one.candidate.columns)) < (known.after, len(known.candidate.columns))
        if one.after <= one.before * _BETTER and shorter:
            best[one.statement.fingerprint] = one
    by_index: dict[Candidate, list[Tried]] = {}
    for one in best.values():
        by_index.setdefault(one.candidate, []).append(one)
    concurrently = "" if sqlite else "CONCURRENTLY "
    advice = [_advice(one, some, writes.get(one.table, 0), concurrently) for one, some in by_index.items()]
    return sorted((one for one in advice if one.gain > 0), key=lambda one: -one.gain)


def _advice(candidate: Candidate, some: Sequence[Tried], writes: int, concurrently: str) -> Advice:
    saved = sum(one.statement.calls * (one.before - one.after) for one in some)
    first = some[0]
    return Advice(
        table=candidate.table,
        columns=list(candidate.columns),
        sql=f'CREATE INDEX {concurrently}IF NOT EXISTS "{candidate.name}" {candidate.definition}',
        cost_before=first.before,
        cost_after=first.after,
        calls=sum(one.statement.calls for one in some),
        writes=writes,
        gain=saved - writes * _WRITE_COST * math.log2(max(2.0, first.before)),
        helps=[one.statement.fingerprint for one in some],
    )
