"""The main path with every object in a real bucket, on a machine that has lost its local copies each time."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from cutroom.accounts.models import Principal, Role, Visit
from cutroom.api.app import with_settings
from cutroom.bootstrap.container import Cutroom
from cutroom.bootstrap.settings import MediaSettings, Settings, StorageSettings
from cutroom.jobs.models import Job, JobState
from cutroom.media.sample import make_footage
from cutroom.storage.s3 import S3Store
from cutroom.worker.main import plans
from cutroom.worker.supervisor import Supervisor
from tests.buckets import S3

SYSTEM = Principal(account_id="acc_system", name="system", role=Role.ADMINISTRATOR)
VISIT = Visit(remote="192.0.2.1", user_agent="test")


@dataclass
class Room:
    services: Cutroom
    http: httpx.AsyncClient
    s3: S3

    def forget_copies(self) -> None:
        shutil.rmtree(self.services.data.objects)
        self.services.data.objects.mkdir()

    async def idle(self) -> list[Job]:
        async with asyncio.timeout(120):
            while True:
                async with self.services.database.read() as conn:
                    counts = await self.services.jobs.counts(conn)
                    if not counts["queued"] + counts["running"]:
                        return (await self.services.jobs.list(conn)).items
                await asyncio.sleep(0.05)

    def objects(self) -> list[str]:
        store = self.services.store
        assert isinstance(store, S3Store)
        rooms = ("originals", "previews", "proxies", "clips")
        return [one.key for room in rooms for one in store._listed(room)]


@asynccontextmanager
async def opened(settings: Settings, s3: S3) -> AsyncIterator[Room]:
    app: FastAPI = with_settings(settings)
    async with app.router.lifespan_context(app):
        services: Cutroom = app.state.cutroom
        supervisor = Supervisor(
            database=services.database,
            jobs=services.jobs,
            scratch=services.data.scratch,
            queues=plans(settings),
            store=services.store,
        )
        running = asyncio.create_task(supervisor.run())
        async with services.database.transaction() as tx:
            made = await services.accounts.create(
                tx, SYSTEM, VISIT, name="a", role=Role.ADMINISTRATOR, password_hash=None
            )
            who = Principal(account_id=made.id, name="a", role=Role.ADMINISTRATOR)
            _, secret = await services.accounts.tokens.create(tx, who, VISIT, name="t", expires_in_days=None)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.9", 50000))
        headers = {"authorization": f"Bearer {secret}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost:8400", headers=headers, follow_redirects=True
        ) as http:
            yield Room(services, http, s3)
        supervisor.leave()
        await running


def settings_of(tmp_path: Path, s3: S3, **more: str) -> Settings:
    place = s3.place()
    storage = StorageSettings(
        url=f"s3://{place.bucket}/{place.prefix}", endpoint=s3.endpoint, region="us-east-1", **more
    )
    return Settings(data=tmp_path / "data", media=MediaSettings(ladder="240"), storage=storage)


@pytest.fixture
async def room(tmp_path: Path, radosgw: S3, as_account: Callable[[S3], None]) -> AsyncIterator[Room]:
    as_account(radosgw)
    async with opened(settings_of(tmp_path, radosgw), radosgw) as found:
        yield found


async def test_from_upload_to_download_through_a_bucket(room: Room, tmp_path: Path) -> None:
    footage = tmp_path / "talk.mp4"
    make_footage(footage, seconds=3, rate=Fraction(30000, 1001), width=320, height=240, kind="barcode")
    content = footage.read_bytes()
    sent = await room.http.post("/api/uploads?name=talk.mp4", content=content)
    assert sent.status_code == 201, sent.text
    video_id = sent.json()["id"]
    jobs = await room.idle()
    assert {job.state for job in jobs} == {JobState.DONE}, [(job.kind, job.error) for job in jobs]
    assert {job.kind for job in jobs} == {"inspect", "preview", "outline", "hash", "proxy", "check"}

    room.forget_copies()
    video = (await room.http.get(f"/api/videos/{video_id}")).json()
    assert (video["verdict"], video["proxy_state"]) == ("healthy", "ready")
    original = await room.http.get(video["original_url"], headers={"range": "bytes=100-199"})
    assert (original.status_code, original.content) == (206, content[100:200])
    assert original.headers["content-range"] == f"bytes 100-199/{len(content)}"
    again = await room.http.get(video["original_url"], headers={"if-none-match": original.headers["etag"]})
    assert again.status_code == 304
    assert (await room.http.get(video["poster"]["jpeg"][0]["url"])).content[:2] == b"\xff\xd8"
    master = await room.http.get(video["playlist"])
    rung = next(line for line in master.text.splitlines() if line.startswith("240"))
    playlist = await room.http.get(httpx.URL(video["playlist"]).join(rung))
    names = re.findall(r'URI="([^"]+)"|^(\S+\.m4s)$', playlist.text, re.MULTILINE)
    assert len(names) > 1
    for name in (first or second for first, second in names):
        part = await room.http.get(httpx.URL(video["playlist"]).join(name))
        assert (part.status_code, len(part.content) > 100) == (200, True), name

    assert list(room.services.data.objects.rglob("*.m4s")) == []  # streamed, not copied
    whole = await room.http.get(f"/api/videos/{video_id}/progressive/240.mp4")
    assert whole.status_code == 200
    assert whole.content[4:8] == b"ftyp"

    room.forget_copies()
    clip = await room.http.post(
        "/api/clips", json={"video_id": video_id, "in_frame": 10, "out_frame": 40, "mode": "exact"}
    )
    assert clip.status_code in (201, 202), clip.text
    await room.idle()
    room.forget_copies()
    found = await room.http.get(f"/api/clips/{clip.json()['id']}/file")
    assert (found.status_code, found.content[4:8]) == (200, b"ftyp")
    assert any(key.startswith("clips/") for key in room.objects())

    assert (await room.http.delete(f"/api/videos/{video_id}")).status_code == 204
    await asyncio.sleep(0.2)
    assert room.objects() == []
