"""A migrated SQLite database, and the accounts in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cutroom.accounts.service import AccountService
from cutroom.db.engine import Database
from tests.databases import copy_sqlite


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "cutroom.db"
    copy_sqlite(path)
    database = Database(f"sqlite:///{path}")
    yield database
    await database.close()


@pytest.fixture
def accounts(database: Database) -> AccountService:
    return AccountService(database)
