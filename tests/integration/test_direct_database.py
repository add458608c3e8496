"""SQLite in the loop's own thread: the same transactions, and a lock that is waited for without stopping the loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from cutroom.core.errors import CutroomError
from cutroom.db.engine import Database, Transaction


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[Database, Database]]:
    """A database as the server opens it, and as the runner does."""
    url = f"sqlite:///{tmp_path}/some.db"
    usual, direct = Database(url), Database(url, direct=True, busy_seconds=0.3)
    async with usual.transaction() as tx:
        await tx.conn.execute(text("CREATE TABLE numbers (number INTEGER PRIMARY KEY)"))
    yield usual, direct
    await usual.close()
    await direct.close()


async def add(tx: Transaction, number: int) -> None:
    await tx.conn.execute(text("INSERT INTO numbers VALUES (:number)"), {"number": number})


async def numbers(database: Database) -> list[int]:
    async with database.read() as conn:
        return list((await conn.execute(text("SELECT number FROM numbers ORDER BY number"))).scalars())


async def test_what_one_commits_the_other_reads(pair: tuple[Database, Database]) -> None:
    usual, direct = pair
    async with direct.transaction(durable=True) as tx:
        await add(tx, 1)
    async with usual.transaction() as tx:
        await add(tx, 2)
    assert await numbers(usual) == await numbers(direct) == [1, 2]


async def test_an_error_rolls_everything_back(pair: tuple[Database, Database]) -> None:
    _, direct = pair
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 (the block is what is tested)
        async with direct.transaction() as tx:
            await add(tx, 1)
            async with tx.conn.begin_nested():
                await add(tx, 2)
            raise ZeroDivisionError
    assert await numbers(direct) == []


async def test_the_loop_goes_on_while_the_lock_is_waited_for(pair: tuple[Database, Database]) -> None:
    usual, direct = pair

    async def second() -> None:
        async with direct.transaction() as tx:
            await add(tx, 2)

    async with usual.transaction() as tx:
        await add(tx, 1)
        waiting = asyncio.create_task(second())
        for _ in range(5):
            await asyncio.sleep(0.02)
        assert not waiting.done()
    await waiting  # the first could commit only because the loop was not held
    assert await numbers(direct) == [1, 2]


async def test_a_lock_that_stays_is_given_up_in_one_sentence(pair: tuple[Database, Database]) -> None:
    usual, direct = pair
    async with usual.transaction() as tx:
        await add(tx, 1)
        with pytest.raises(CutroomError) as caught:
            async with direct.transaction() as late:
                await add(late, 2)
    assert caught.value.code == "db.busy"
    assert await numbers(direct) == [1]
