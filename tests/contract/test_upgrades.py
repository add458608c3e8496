"""Every earlier revision's database comes to this version's schema, with its rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from cutroom.db import upgrade as upgrading
from cutroom.db.engine import Database
from cutroom.library.list_store import count
from cutroom.library.models import VideoFilter
from cutroom.library.search import understand
from tests.conftest import MISSING, POSTGRES
from tests.databases import create_postgres, drop_postgres

EARLIER = [
    str(one.down_revision)
    for one in ScriptDirectory.from_config(upgrading._config()).walk_revisions()
    if one.down_revision is not None
]
SEARCHED_SINCE = "0008"
"""From here on whoever adds a video says what it can be found by; a row that is written by hand is in no index."""
ROWS = (
    "INSERT INTO accounts (id, name, role, created_at) VALUES ('acc_1', 'ann', 'editor', 1)",
    "INSERT INTO assets (id, size_bytes, created_at) VALUES ('ast_1', 10, 1)",
    "INSERT INTO videos (id, asset_id, owner_id, visibility, name, location_kind, location, size_bytes, mtime_ns, "
    "added_at, verdict, proxy_state) VALUES ('vid_1', 'ast_1', 'acc_1', 'shared', 'Übung Berlin.mp4', 'reference', "
    "{place}, 10, 1, 1, 'healthy', 'none')",
)


def _to(conn: Connection, revision: str) -> None:
    config = upgrading._config()
    config.attributes["connection"] = conn
    command.upgrade(config, revision)


@pytest.fixture(params=["sqlite", "postgres"])
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/cutroom.db"
        return
    if not POSTGRES:
        pytest.skip(MISSING)
    url = await create_postgres(POSTGRES)
    yield url
    await drop_postgres(POSTGRES, url)


def test_files_of_revisions_are_named_after_them() -> None:
    """A start compares names only, and loads Alembic when there is something to upgrade."""
    scripts = ScriptDirectory.from_config(upgrading._config())
    assert tuple(sorted(one.revision for one in scripts.walk_revisions())) == upgrading.REVISIONS
    assert upgrading.REVISIONS[-1] == scripts.get_current_head()


@pytest.mark.parametrize("revision", sorted(EARLIER))
async def test_from_each_earlier_revision(empty_url: str, tmp_path: Path, revision: str) -> None:
    path = tmp_path / "cutroom.db"
    database = Database(empty_url)
    place = "CAST('/a' AS BLOB)" if database.is_sqlite else "convert_to('/a', 'UTF8')"
    async with database.transaction(unhurried=True) as tx:
        await tx.conn.run_sync(_to, revision)
        for row in ROWS:
            await tx.conn.execute(text(row.format(place=place)))
    await upgrading.upgrade(database, sqlite_path=path if database.is_sqlite else None)
    async with database.read() as conn:
        assert (await conn.execute(text("SELECT name FROM videos"))).scalar_one() == "Übung Berlin.mp4"
        assert (await count(conn, viewer=None, where=VideoFilter(), question=None)).number == 1
        if revision < SEARCHED_SINCE:
            where = VideoFilter(q="berlni ubung")
            found = await count(conn, viewer=None, where=where, question=await understand(conn, where.q))
            assert found.number == 1
    if database.is_sqlite:
        assert len(list((tmp_path / "backups").iterdir())) == 1
    await database.close()
