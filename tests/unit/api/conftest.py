from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cutroom.accounts.models import Visit
from cutroom.accounts.service import AccountService
from cutroom.db.engine import Database
from cutroom.db.upgrade import upgrade

VISIT = Visit(remote="192.0.2.1", user_agent="test")
PASSWORD = "correct horse battery"


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
