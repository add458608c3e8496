"""Prepared statements answer, refuse and count as SQLAlchemy's do, on both databases and however they are reached."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from cutroom.core.errors import CutroomError
from cutroom.db.engine import Database
from cutroom.db.pooling import Pooling
from cutroom.db.prepared import Prepared, among
from cutroom.db.statements import Statements
from cutroom.jobs.store import new_row
from cutroom.jobs.tables import jobs

ALL = select(jobs).order_by(jobs.c.id)
OF_PRIORITY = Prepared(select(jobs).where(jobs.c.priority >= bindparam("least")).order_by(jobs.c.id))
INSERT = Prepared(insert(jobs))
DELETE = Prepared(delete(jobs).where(jobs.c.id == bindparam("gone")))
EVERYTHING = {"least": 0}


@pytest.fixture(params=["", "direct"])
async def base(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """As the server opens it, and as the job runner does."""
    url = database_url or f"sqlite:///{tmp_path}/data/cutroom.db"
    counted = Statements(tmp_path / "statements", slow_seconds=60)
    made = Database(url, direct=bool(request.param), statements=counted, pooling=Pooling(size=2, overflow=0))
    yield made
    await made.close()


def row(number: int, **more: Any) -> dict[str, Any]:
    fields = {
        "kind": "note",
        "queue": "test",
        "payload": {"words": ["Größe", "o'clock", None], "number": 1.5},
        "payload_version": 1,
        "subject": f"vid_{number}",
        "owner_id": None,
        "title": "A ‘title’",
        "priority": number,
        "max_attempts": 3,
        "idempotency_key": None,
        "parent_id": None,
        "batch_id": None,
        **more,
    }
    return new_row(f"job_{number}", fields)


async def fill(base: Database, *numbers: int) -> None:
    async with base.transaction() as tx:
        await INSERT.many(tx.conn, [row(number, progress=number / 3) for number in numbers])


async def usual(conn: AsyncConnection) -> list[dict[str, Any]]:
    return [dict(found) for found in (await conn.execute(ALL)).mappings()]


async def test_the_same_rows_wherever_it_is_asked(base: Database) -> None:
    await fill(base, 1, 2)
    async with base.transaction() as tx:
        before = await OF_PRIORITY.rows(tx.conn, EVERYTHING)  # may be the first that is asked of it
        plain = await usual(tx.conn)
        after = await OF_PRIORITY.rows(tx.conn, EVERYTHING)
        places = await OF_PRIORITY.tuples(tx.conn, EVERYTHING)
    async with base.read() as conn:
        read = await OF_PRIORITY.rows(conn, EVERYTHING)
    looked = await base.look(lambda conn: OF_PRIORITY.rows(conn, EVERYTHING))
    both = await base.look(_both)
    assert before == plain == after == read == looked == both
    assert [tuple(place) for place in places] == [tuple(one.values()) for one in plain]
    assert plain[0]["payload"]["words"] == ["Größe", "o'clock", None]
    assert await base.look(lambda conn: OF_PRIORITY.row(conn, {"least": 2})) == plain[1]
    assert await base.look(lambda conn: OF_PRIORITY.row(conn, {"least": 9})) is None


async def _both(conn: AsyncConnection) -> list[dict[str, Any]]:
    await conn.execute(ALL)
    return await OF_PRIORITY.rows(conn, EVERYTHING)


async def test_an_error_rolls_back_what_either_wrote(base: Database) -> None:
    async def fail() -> None:
        async with base.transaction() as tx:
            await INSERT.run(tx.conn, row(1))
            await tx.conn.execute(insert(jobs), row(2))
            await INSERT.run(tx.conn, row(3))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await base.look(usual) == []
    await fill(base, 4)
    async with base.transaction() as tx:
        await DELETE.run(tx.conn, {"gone": "job_4"})
    assert await base.look(usual) == []


async def test_it_is_refused_as_usual_and_counted(base: Database) -> None:
    await fill(base, 1)
    assert base.statements is not None
    calls, failures = base.statements.calls, base.statements.failures

    async def again() -> None:
        async with base.transaction() as tx:
            await tx.conn.execute(ALL)
            await INSERT.run(tx.conn, row(1))

    for _ in range(2):
        with pytest.raises(IntegrityError):
            await again()
    assert base.statements.calls - calls == 4
    assert base.statements.failures - failures == 2
    await fill(base, 2)
    assert len(await base.look(usual)) == 2


async def test_among_a_list_of_any_length(base: Database) -> None:
    await fill(base, 1, 2, 3)
    dialect = base.engine.dialect.name
    some = Prepared(select(jobs.c.id).where(among(jobs.c.id, "wanted", dialect)).order_by(jobs.c.id))

    async def ids(*wanted: str) -> list[str]:
        found = await base.look(lambda conn: some.tuples(conn, {"wanted": list(wanted)}))
        return [one[0] for one in found]

    assert await ids() == []
    assert await ids("job_2") == ["job_2"]
    assert await ids("job_3", "job_1", "'; DROP TABLE jobs --", "ü", *map(str, range(1000))) == ["job_1", "job_3"]
    async with base.transaction() as tx:  # through SQLAlchemy, where nothing has begun
        assert len(await some.tuples(tx.conn, {"wanted": ["job_1"]})) == 1


async def test_lists_of_values_are_no_part_of_a_form(base: Database) -> None:
    listed = Prepared(select(jobs.c.id).where(jobs.c.id.in_(bindparam("wanted", expanding=True))))
    with pytest.raises(ValueError, match="among"):
        await base.look(lambda conn: listed.tuples(conn, {"wanted": ["a"]}))


async def test_a_look_survives_that_its_connection_was_ended(database: Database) -> None:
    if database.is_sqlite:
        return  # nobody can end it
    await database.look(usual)
    async with database.transaction() as tx:
        await tx.conn.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        )
    await asyncio.sleep(0.1)
    assert await database.look(usual) == []


async def test_what_looks_keep_is_there_for_who_writes(base: Database) -> None:
    await asyncio.gather(*(base.look(usual) for _ in range(2)))
    async with base.transaction() as one:
        await one.conn.execute(ALL)
        if not base.is_sqlite:
            async with base.transaction() as other:  # as many as the pool has
                await other.conn.execute(ALL)
    await asyncio.gather(*(base.look(usual) for _ in range(2)))
    async with base.read() as conn:
        await conn.execute(ALL)
        if not base.is_sqlite:
            async with base.read() as other_conn:
                await other_conn.execute(ALL)
    assert base.pool_numbers().in_use == 0


async def test_a_look_that_takes_too_long_is_ended(database_url: str, tmp_path: Path) -> None:
    base = Database(database_url or f"sqlite:///{tmp_path}/data/cutroom.db", pooling=Pooling(query_seconds=0.2))
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS number FROM n"
    forever = Prepared(text(slow).columns())
    try:
        with pytest.raises(CutroomError) as caught:
            await base.look(lambda conn: forever.tuples(conn, {}))
        assert caught.value.code == "db.query-timeout"
        assert await base.look(usual) == []
    finally:
        await base.close()
