"""A video that was just added, played before its ladder is made: with the real supervisor, real children and HTTP."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from cutroom.accounts.models import Principal, Role, Visit
from cutroom.api.app import with_settings
from cutroom.bootstrap.container import Cutroom
from cutroom.bootstrap.settings import MediaSettings, Settings
from cutroom.jobs.models import Job
from cutroom.jobs.tables import jobs
from cutroom.media.sample import make_footage
from cutroom.proxies import tasks_parts
from cutroom.worker.main import plans
from cutroom.worker.supervisor import Supervisor


class Workroom:
    """A server and a supervisor that makes no ladders, so that every segment has to be asked for."""

    def __init__(self, services: Cutroom, http: httpx.AsyncClient) -> None:
        self.services = services
        self.http = http

    async def add(self, path: Path) -> dict[str, Any]:
        """Add a file and wait until it can be played; the video's detail."""
        added = await self.http.post("/api/videos", json={"paths": [str(path)]})
        [video_id] = added.json()["added"]
        async with asyncio.timeout(30):
            while True:
                detail: dict[str, Any] = (await self.http.get(f"/api/videos/{video_id}")).json()
                if detail["playlist"] is not None:
                    return detail
                await asyncio.sleep(0.02)

    def segment(self, video: dict[str, Any], name: str) -> Any:
        return self.http.get(video["playlist"].replace("whole/master.m3u8", name))

    async def jobs(self, kind: str) -> list[Job]:
        async with self.services.database.read() as conn:
            return (await self.services.jobs.list(conn, kind=kind)).items

    async def until(self, kind: str, state: str) -> Job:
        async with asyncio.timeout(30):
            while True:
                found = [job for job in await self.jobs(kind) if job.state.value == state]
                if found:
                    return found[0]
                await asyncio.sleep(0.05)


@pytest.fixture
async def workroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Workroom]:
    monkeypatch.setattr(tasks_parts, "IDLE_SECONDS", 0.5)
    settings = Settings(data=tmp_path / "data", media=MediaSettings(ladder="120,60"))
    app = with_settings(settings, ui=tmp_path / "no-ui")
    async with app.router.lifespan_context(app):
        services: Cutroom = app.state.cutroom
        queues = {name: plan for name, plan in plans(settings).items() if name != "encode"}
        supervisor = Supervisor(
            database=services.database, jobs=services.jobs, scratch=services.data.scratch, queues=queues
        )
        running = asyncio.create_task(supervisor.run())
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost:8400", timeout=30
        ) as http:
            http.headers["authorization"] = f"Bearer {await _token(services)}"
            yield Workroom(services, http)
        supervisor.leave()
        await running


async def _token(services: Cutroom) -> str:
    system = Principal(account_id="acc_system", name="system", role=Role.ADMINISTRATOR)
    visit = Visit(remote="192.0.2.1", user_agent="test")
    async with services.database.transaction() as tx:
        account = await services.accounts.create(
            tx, system, visit, name="root", role=Role.ADMINISTRATOR, password_hash=None
        )
        principal = Principal(account_id=account.id, name="root", role=Role.ADMINISTRATOR)
        _, secret = await services.accounts.tokens.create(tx, principal, visit, name="test", expires_in_days=None)
    return secret


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp4"
    make_footage(path, seconds=13, rate=Fraction(30000, 1001), width=160, height=120, kind="barcode", audio="beep")
    return path


async def test_sixty_requests_make_one_segment(workroom: Workroom, footage: Path) -> None:
    video = await workroom.add(footage)
    assert video["timing"]["frames"] == 390
    playlist = (await workroom.segment(video, "whole/120.m3u8")).text
    assert playlist.count(".m4s") == 5
    assert playlist.endswith("#EXT-X-ENDLIST\n")
    answers = await asyncio.gather(*(workroom.segment(video, "120/00003.m4s") for _ in range(60)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].headers["cache-control"].endswith("immutable")
    fill = await workroom.until("fill", "done")
    assert fill.result == {"segments": 1}
    assert len(await workroom.jobs("fill")) == 1
    sound = await asyncio.gather(*(workroom.segment(video, f"audio/0/{name}") for name in ("init.mp4", "00003.m4s")))
    assert [answer.status_code for answer in sound] == [200, 200]
    assert (await workroom.http.head(video["playlist"].replace("whole/master.m3u8", "60/00001.m4s"))).status_code == 404


async def test_names_that_no_playlist_lists_are_not_made(workroom: Workroom, footage: Path) -> None:
    video = await workroom.add(footage)
    for name in ("120/00005.m4s", "240/00000.m4s", "120/99999.m4s", "audio/1/00000.m4s", "audio/0/../../120/1.m4s"):
        assert (await workroom.segment(video, name)).status_code == 404, name
    assert await workroom.jobs("fill") == []


async def test_a_killed_child_is_replaced(workroom: Workroom, footage: Path) -> None:
    video = await workroom.add(footage)
    asked = asyncio.ensure_future(workroom.segment(video, "120/00000.m4s"))
    await workroom.until("fill", "running")
    group = None
    while group is None:  # each look in a transaction of its own: one snapshot would never change
        async with workroom.services.database.read() as conn:
            group = await conn.scalar(select(jobs.c.process_group).where(jobs.c.kind == "fill"))
        await asyncio.sleep(0.01)
    os.killpg(group, signal.SIGKILL)
    later = await asyncio.gather(asked, *(workroom.segment(video, f"120/{cell:05d}.m4s") for cell in (1, 2, 3)))
    assert {answer.status_code for answer in later} == {200}


async def test_a_source_that_has_gone_is_named(workroom: Workroom, footage: Path) -> None:
    video = await workroom.add(footage)
    assert (await workroom.segment(video, "120/00000.m4s")).status_code == 200
    footage.unlink()
    refused = await workroom.segment(video, "120/00003.m4s")
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "media.not-found")
    assert str(footage.parent) not in refused.text


async def test_a_deleted_video_leaves_nothing(workroom: Workroom, footage: Path) -> None:
    video = await workroom.add(footage)
    assert (await workroom.segment(video, "60/00002.m4s")).status_code == 200
    assert (await workroom.http.delete(f"/api/videos/{video['id']}")).status_code == 204
    async with asyncio.timeout(20):
        while any(workroom.services.store.list("proxies")):
            await asyncio.sleep(0.05)
