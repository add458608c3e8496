"""How many statements an answer takes: as many for thirty rows as for three, whatever is listed."""

from __future__ import annotations

import asyncio

import pytest

from cutroom.db.engine import Database
from cutroom.library.models import Visibility
from tests.integration.api.conftest import Server, Somebody


class Counter:
    """Statements, whoever sent them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def number(self) -> int:
        assert self._database.statements is not None
        return self._database.statements.calls

    async def of(self, somebody: Somebody, path: str) -> int:
        """The fewest of some tries: the event stream asks in between, and a token's last use is noted now and then."""
        fewest = []
        for number in range(4):
            before = self.number
            answer = await somebody.http.get(path, params={"fresh": number} if "?" not in path else None)
            assert answer.status_code == 200, answer.text
            fewest.append(self.number - before)
            await asyncio.sleep(0.02)
            async with self._database.transaction():
                pass  # a kept answer takes no statement at all
        return min(one for one in fewest if one)


@pytest.fixture
def statements(server: Server) -> Counter:
    return Counter(server.services.database)


LISTS = (
    "/api/videos",
    "/api/videos?q=a",
    "/api/videos?sort=name",
    "/api/jobs",
    "/api/clips",
    "/api/tags",
    "/api/inspection/files",
    "/api/accounts",
    "/api/tokens",
    "/api/sessions",
    "/api/audit",
    "/api/webhooks",
    "/api/scans",
    "/api/scans/schedules",
)


async def _add(server: Server, owner: Somebody, numbers: range) -> None:
    for number in numbers:
        video_id = await server.video(f"a {number}.mp4", owner, Visibility.SHARED)
        async with server.services.database.transaction() as tx:
            video = await server.services.library.get(tx.conn, video_id, viewer=None)
            await server.services.library.change(tx, video, given=[f"tag {number}"])
            await server.services.accounts.audit.record(tx, owner.principal, "test", video_id)


async def test_lists_take_as_many_statements_for_more_rows(
    server: Server, admin: Somebody, ann: Somebody, statements: Counter
) -> None:
    await _add(server, ann, range(3))
    few = {path: await statements.of(admin, path) for path in LISTS}
    await _add(server, ann, range(3, 30))
    many = {path: await statements.of(admin, path) for path in LISTS}
    assert many == few
    assert max(few.values()) <= 9


async def test_one_video_takes_few(server: Server, admin: Somebody, ann: Somebody, statements: Counter) -> None:
    video_id = await server.video("a.mp4", ann, Visibility.SHARED)
    assert await statements.of(admin, f"/api/videos/{video_id}") <= 8
