"""What every test has to leave as it was."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

POSTGRES = os.environ.get("CUTROOM_TEST_POSTGRES_URL", "")
MISSING = "PostgreSQL is missing; run: apt-get install postgresql && scripts/services up postgres"


@asynccontextmanager
async def empty_postgres() -> AsyncIterator[str]:
    """The URL of an empty database of the test server, dropped afterwards."""
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    from cutroom.db.connect import async_url

    if not POSTGRES:
        pytest.skip(MISSING)
    name = f"test_{secrets.token_hex(6)}"
    server = create_async_engine(async_url(POSTGRES), isolation_level="AUTOCOMMIT")
    async with server.connect() as conn:
        await conn.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield f"{POSTGRES.rpartition('/')[0]}/{name}"
    finally:
        async with server.connect() as conn:
            await conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        await server.dispose()


@pytest.fixture
async def test_database_url() -> AsyncIterator[str]:
    """Empty, which means SQLite; an empty PostgreSQL's URL where CUTROOM_TEST_DATABASE is postgres (`make faults`)."""
    if os.environ.get("CUTROOM_TEST_DATABASE") != "postgres":
        yield ""
        return
    async with empty_postgres() as url:
        yield url


@pytest.fixture(autouse=True)
def scheduling() -> Iterator[None]:
    """A test that makes this process a real-time one starves the browser and the servers of every later test."""
    yield
    policy = os.sched_getscheduler(0)
    if policy != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        pytest.fail(f"the test left this process with scheduling policy {policy}; see media.sample.scheduling")
