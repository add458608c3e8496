"""A migrated SQLite database, and the accounts in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cutroom.accounts.service import AccountService
from cutroom.db.engine import Database
from cutroom.db.upgrade import upgrade


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "cutroom.db"
    database = Database(f"sqlite:///{path}")
    await upgrade(database, sqlite_path=path)
    yield database
    await database.close()


@pytest.fixture
def accounts(database: Database) -> AccountService:
    return AccountService(database)
