"""Databases of both kinds, empty and upgraded; PostgreSQL where CUTROOM_TEST_POSTGRES_URL names a server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cutroom.bootstrap import container
from cutroom.bootstrap.container import Cutroom
from cutroom.bootstrap.settings import DatabaseSettings, Settings
from cutroom.db.engine import Database
from cutroom.db.upgrade import upgrade
from tests.databases import copy_postgres, copy_sqlite, drop_postgres, postgres_template

POSTGRES = os.environ.get("CUTROOM_TEST_POSTGRES_URL", "")


@pytest.fixture(scope="session", autouse=True)
def postgres_copies() -> Iterator[None]:
    """Drop the database that others were copied from."""
    yield
    if postgres_template.cache_info().currsize:
        asyncio.run(drop_postgres(POSTGRES, postgres_template(POSTGRES)))


@pytest.fixture(params=["sqlite", "postgres"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Empty for SQLite in the data directory; else the URL of an upgraded database that is dropped afterwards."""
    if request.param == "sqlite":
        copy_sqlite(tmp_path / "data" / "cutroom.db")
        yield ""
        return
    if not POSTGRES:
        pytest.skip("PostgreSQL is missing; run: apt-get install postgresql && scripts/services up postgres")
    url = await copy_postgres(POSTGRES)
    yield url
    await drop_postgres(POSTGRES, url)


@pytest.fixture
async def database(database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """An upgraded database alone."""
    made = Database(database_url or f"sqlite:///{tmp_path}/data/cutroom.db")
    await upgrade(made, sqlite_path=None)
    yield made
    await made.close()


@pytest.fixture
async def cutroom(database_url: str, tmp_path: Path) -> AsyncIterator[Cutroom]:
    """Everything on an upgraded database, without anybody who works off the jobs."""
    made = container.build(Settings(data=tmp_path / "data", database=DatabaseSettings(url=database_url)))
    await container.start(made)
    yield made
    await made.database.close()
