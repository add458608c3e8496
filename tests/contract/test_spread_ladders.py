"""A long ladder in parts: what waits for what, and that it is the ladder of one pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutroom.bootstrap import container
from cutroom.bootstrap.container import Cutroom
from cutroom.bootstrap.settings import DatabaseSettings, JobsSettings, MediaSettings, Settings
from cutroom.jobs.models import Job, JobState
from cutroom.jobs.testing import run_queued
from cutroom.library.models import ProxyState, Video
from cutroom.media.sample import make_footage
from cutroom.proxies import parts, tasks_spread
from tests.integration.ladder_reading import Made, make_ladder


class Room:
    """A library that spreads everything, and somebody who works off a queue when told."""

    def __init__(self, services: Cutroom) -> None:
        self.services = services
        self.leases = services.jobs.leases(owner="test")

    async def add(self, path: Path) -> Video:
        async for added in self.services.library.add([path], owner_id=None):
            [video_id] = added.added
        await self.work("inspect")  # its outline too
        return await self.video(video_id)

    async def video(self, video_id: str) -> Video:
        async with self.services.database.read() as conn:
            return await self.services.library.get(conn, video_id, viewer=None)

    async def work(self, queue: str) -> list[Job]:
        known = {name: self.services.jobs.kind(name) for name in KINDS}
        return await run_queued(self.leases, known, queue, self.services.data.scratch)

    async def jobs(self, kind: str) -> list[Job]:
        async with self.services.database.read() as conn:
            found = (await self.services.jobs.list(conn, kind=kind)).items
        return sorted(found, key=lambda job: job.created_at)

    async def job(self, kind: str) -> Job:
        [found] = await self.jobs(kind)
        return found


KINDS = ("inspect", "outline", "sound", "segments", "peaks", "preview", "sprite", "proxy")


@pytest.fixture
async def room(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    monkeypatch.setattr(tasks_spread, "PART_CELLS", 2)
    settings = Settings(
        data=tmp_path / "data",
        database=DatabaseSettings(url=database_url),
        jobs=JobsSettings(spread="always", spread_minutes=0),
        media=MediaSettings(ladder="120,60"),
    )
    services = container.build(settings)
    await container.start(services)
    return Room(services)


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("footage") / "talk.mp4"
    make_footage(path, seconds=10, rate=15, width=160, height=120, kind="barcode", audio="beep", bframes=2)
    return path


async def test_parts_make_the_ladder_of_one_pass(room: Room, footage: Path, tmp_path: Path) -> None:
    video = await room.add(footage)
    proxy, segments = await room.job("proxy"), await room.jobs("segments")
    assert [job.payload["first"] for job in segments] == [0, 2]
    assert {job.parent_id for job in segments} == {proxy.id}
    assert (proxy.state, proxy.pending) == (JobState.WAITING, 4)
    assert (await room.video(video.id)).proxy_state is ProxyState.ENCODING  # it can be played, as it is asked for
    await room.work("ondemand")
    await room.work("preview")
    assert 0 < (await room.job("proxy")).progress < 1
    await room.work("encode")
    proxy = await room.job("proxy")
    assert (proxy.state, proxy.progress, proxy.attempts) == (JobState.DONE, 1.0, 1)
    assert (await room.video(video.id)).proxy_state is ProxyState.READY
    await check_equal(room, video, footage, tmp_path)


async def check_equal(room: Room, video: Video, footage: Path, tmp_path: Path) -> None:
    """Frame by frame, and byte by byte where that is promised."""
    made = make_ladder(footage, tmp_path / "pass", heights=(120, 60))
    async with room.services.database.read() as conn:
        proxy = await room.services.proxies.playback(conn, video.asset_id)
        views = await room.services.proxies.views(conn, {video.asset_id})
    assert proxy is not None
    assert proxy.playlist_key is not None
    folder = room.services.store.local_path(proxy.playlist_key).parent
    spread = Made(made.result, folder, [])
    for height in (120, 60):
        assert spread.frames(height) == made.frames(height)
        assert [number for number, _ in spread.frames(height)] == list(range(150))
        inits = [(one.folder / one.uris(f"{height}.m3u8")[0]).read_bytes() for one in (spread, made)]
        assert inits[0] == inits[1]
    assert spread.data("audio-0.m3u8") == made.data("audio-0.m3u8")
    assert views[video.asset_id].peaks is not None
    assert [job.state for job in await room.jobs("sprite")] in ([JobState.QUEUED], [JobState.DONE])


async def test_a_part_that_fails_ends_the_ladder_and_trying_again_repeats_only_that(room: Room, footage: Path) -> None:
    video = await room.add(footage)
    await room.work("ondemand")
    away = footage.rename(footage.with_suffix(".away"))
    failed = await room.work("encode")
    away.rename(footage)
    assert {(job.state, job.error and job.error.code) for job in failed} == {(JobState.FAILED, "media.not-found")}
    proxy = await room.job("proxy")
    assert (proxy.state, proxy.error and proxy.error.code) == (JobState.FAILED, "job.need-failed")
    assert (await room.video(video.id)).proxy_state is ProxyState.FAILED
    async with room.services.database.transaction() as tx:
        await room.services.jobs.retry(tx, proxy.id)
    await room.work("preview")
    await room.work("encode")
    assert (await room.job("proxy")).state is JobState.DONE
    assert (await room.job("sound")).fence == 1
    assert (await room.video(video.id)).proxy_state is ProxyState.READY


async def test_cancelling_the_ladder_cancels_its_parts(room: Room, footage: Path) -> None:
    video = await room.add(footage)
    async with room.services.database.transaction() as tx:
        await room.services.jobs.cancel(tx, (await room.job("proxy")).id)
    assert {job.state for job in await room.jobs("segments")} == {JobState.CANCELLED}
    assert (await room.video(video.id)).proxy_state is ProxyState.NONE
    assert await room.work("encode") == []


async def test_footage_without_an_outline_is_encoded_in_one_pass(
    room: Room, footage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "outline_source", lambda *_, **__: None)  # as for AVI and raw streams
    video = await room.add(footage)
    assert await room.jobs("segments") == []
    await room.work("encode")
    assert (await room.job("proxy")).state is JobState.DONE
    assert (await room.video(video.id)).proxy_state is ProxyState.READY
