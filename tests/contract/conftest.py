"""Databases of both kinds, empty and upgraded; PostgreSQL where CUTROOM_TEST_POSTGRES_URL names a server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cutroom.bootstrap import container
from cutroom.bootstrap.container import Cutroom
from cutroom.bootstrap.settings import DatabaseSettings, Settings
from cutroom.db.engine import Database
from cutroom.db.upgrade import upgrade
from tests.conftest import empty_postgres


@pytest.fixture(params=["sqlite", "postgres"])
async def database_url(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Empty for SQLite in the data directory; else the URL of an empty database that is dropped afterwards."""
    if request.param == "sqlite":
        yield ""
        return
    async with empty_postgres() as url:
        yield url


@pytest.fixture
async def database(database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """An upgraded database alone."""
    made = Database(database_url or f"sqlite:///{tmp_path}/cutroom.db")
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
