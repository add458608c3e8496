"""The main job, with the real supervisor and real children: footage in, checked, playable, cut, deleted."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import pytest

from cutroom.bootstrap import container
from cutroom.bootstrap.container import Cutroom
from cutroom.bootstrap.settings import MediaSettings, Settings
from cutroom.clips.models import Clip, ClipState, CutMode, Range
from cutroom.jobs.models import Job, JobState
from cutroom.library.models import ProxyState, Video, VideoFilter
from cutroom.media.sample import make_footage, read_barcode
from cutroom.worker.main import plans
from cutroom.worker.supervisor import Supervisor

DEADLINE_SECONDS = 60.0


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    folder = tmp_path / "footage"
    folder.mkdir()
    make_footage(folder / "talk.mp4", seconds=3, rate=Fraction(30000, 1001), width=320, height=240, kind="barcode")
    return folder


@pytest.fixture
async def cutroom(tmp_path: Path) -> AsyncIterator[Cutroom]:
    settings = Settings(data=tmp_path / "data", media=MediaSettings(ladder="240"))
    made = container.build(settings)
    await container.start(made)
    supervisor = Supervisor(
        database=made.database, jobs=made.jobs, scratch=made.data.scratch, queues=plans(settings), lease_seconds=6
    )
    running = asyncio.create_task(supervisor.run())
    yield made
    supervisor.leave()
    await running
    await made.database.close()


async def add(cutroom: Cutroom, *paths: Path) -> list[str]:
    return [video_id async for batch in cutroom.library.add(paths, owner_id=None) for video_id in batch.added]


async def idle(cutroom: Cutroom) -> list[Job]:
    """Wait until no job is left; the jobs there were, by kind."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            async with cutroom.database.read() as conn:
                counts = await cutroom.jobs.counts(conn)
                if not counts["queued"] + counts["running"]:
                    return (await cutroom.jobs.list(conn)).items
            await asyncio.sleep(0.05)


async def video_of(cutroom: Cutroom, video_id: str) -> Video:
    async with cutroom.database.read() as conn:
        return await cutroom.library.get(conn, video_id, viewer=None)


async def by_name(cutroom: Cutroom) -> dict[str, Video]:
    async with cutroom.database.read() as conn:
        page = await cutroom.library.list(conn, viewer=None, where=VideoFilter())
    return {video.name: video for video in page.items}


async def cut(cutroom: Cutroom, video_id: str, first: int, last: int, mode: CutMode = CutMode.SMART) -> Clip:
    async with cutroom.database.transaction() as tx:
        video = await cutroom.library.get(tx.conn, video_id, viewer=None)
        clip = await cutroom.clips.create(tx, video, in_frame=first, out_frame=last, mode=mode, owner_id=None)
    await idle(cutroom)
    async with cutroom.database.read() as conn:
        return await cutroom.clips.get(conn, clip.id, viewer=None)


def numbers_in(path: Path) -> list[int]:
    with av.open(str(path)) as opened:
        return [read_barcode(frame.to_ndarray(format="rgb24")) for frame in opened.decode(video=0)]


def objects_of(cutroom: Cutroom) -> list[str]:
    return [one.key for room in ("originals", "previews", "proxies", "clips") for one in cutroom.store.list(room)]


async def test_footage_becomes_playable_and_is_cut_at_the_marks(cutroom: Cutroom, footage: Path) -> None:
    [video_id] = await add(cutroom, footage)
    jobs = await idle(cutroom)
    assert {job.kind: job.state for job in jobs} == dict.fromkeys(
        ("inspect", "preview", "outline", "hash", "proxy", "check"), JobState.DONE
    ), [job.error for job in jobs]

    video = await video_of(cutroom, video_id)
    assert (video.verdict, video.verdict_message, video.proxy_state) == ("healthy", None, ProxyState.READY)
    assert (video.rate, video.width, video.height) == (Fraction(30000, 1001), 320, 240)
    assert video.poster is not None
    assert cutroom.store.stat(video.poster) is not None

    async with cutroom.database.read() as conn:
        proxy = await cutroom.proxies.playback(conn, video.asset_id)
        views = (await cutroom.proxies.views(conn, [video.asset_id]))[video.asset_id]
        assert proxy is not None
        assert proxy.playlist_name is not None
        master = await cutroom.proxies.media(conn, video, proxy.playlist_name)
    text = cutroom.store.read_range(master.key, 0, 10_000).decode()
    assert text.startswith("#EXTM3U")
    assert "240.m3u8" in text
    assert views.thumbnails is not None
    assert views.sprite is not None
    assert views.peaks is not None

    clip = await cut(cutroom, video_id, 17, 53)
    assert (clip.state, clip.error) == (ClipState.READY, None)
    assert clip.object_key is not None
    assert clip.answer is not None
    assert (clip.answer["in_frame"], clip.answer["out_frame"], clip.answer["frames"]) == (17, 53, 36)
    assert numbers_in(cutroom.store.local_path(clip.object_key)) == list(range(17, 53))


async def test_one_job_cuts_many_ranges_and_says_of_each_what_became_of_it(cutroom: Cutroom, footage: Path) -> None:
    [video_id] = await add(cutroom, footage)
    await idle(cutroom)
    ranges = [Range(in_frame=3, out_frame=20, name="one"), Range(in_frame=5, out_frame=90_000)]
    ranges.append(Range(in_frame=30, out_frame=40))
    async with cutroom.database.transaction() as tx:
        video = await cutroom.library.get(tx.conn, video_id, viewer=None)
        video = msgspec.structs.replace(video, probe={**(video.probe or {}), "video": {"frames": None}})
        made = await cutroom.clips.create_many(tx, video, ranges, owner_id=None)
    assert len({clip.job_id for clip in made}) == 1
    jobs = await idle(cutroom)
    assert [job.state for job in jobs if job.kind == "clip"] == [JobState.DONE]
    async with cutroom.database.read() as conn:
        one, far, other = [await cutroom.clips.get(conn, clip.id, viewer=None) for clip in made]
    assert [clip.state for clip in (one, far, other)] == [ClipState.READY, ClipState.FAILED, ClipState.READY]
    assert (far.error or {})["code"] == "clip.range-outside"
    for clip, (first, last) in ((one, (3, 20)), (other, (30, 40))):
        assert numbers_in(cutroom.store.local_path(clip.object_key or "")) == list(range(first, last))


async def test_a_job_of_many_cuts_is_cancelled_with_the_last_clip_that_waits(cutroom: Cutroom, footage: Path) -> None:
    [video_id] = await add(cutroom, footage)
    await idle(cutroom)
    ranges = [Range(in_frame=1, out_frame=2), Range(in_frame=2, out_frame=3)]
    async with cutroom.database.transaction() as tx:
        video = await cutroom.library.get(tx.conn, video_id, viewer=None)
        one, other = await cutroom.clips.create_many(tx, video, ranges, owner_id=None)
        await cutroom.clips.delete(tx, one, video)
        waiting = await cutroom.jobs.get(tx.conn, one.job_id or "")
        await cutroom.clips.delete(tx, other, video)
        ended = await cutroom.jobs.get(tx.conn, one.job_id or "")
    assert (waiting.state, ended.state) == (JobState.QUEUED, JobState.CANCELLED)


async def test_equal_files_share_what_is_derived_and_go_one_by_one(cutroom: Cutroom, footage: Path) -> None:
    shutil.copy(footage / "talk.mp4", footage / "twin.mp4")
    await add(cutroom, footage)
    jobs = await idle(cutroom)
    assert not [job for job in jobs if job.state is JobState.FAILED]
    found = await by_name(cutroom)
    talk, twin = found["talk.mp4"], found["twin.mp4"]
    assert talk.asset_id == twin.asset_id
    assert talk.proxy_state is twin.proxy_state is ProxyState.READY
    assert talk.poster == twin.poster is not None
    assert {key.split("/")[1] for key in objects_of(cutroom)} == {talk.asset_id}

    clip = await cut(cutroom, talk.id, 0, 5)
    for gone, left in ((talk, True), (twin, False)):
        async with cutroom.database.transaction() as tx:
            await cutroom.library.delete(tx, gone)
        await idle(cutroom)
        assert bool(objects_of(cutroom)) is left
        assert not [key for key in objects_of(cutroom) if key.startswith(f"clips/{clip.id}")]
    assert sorted(path.name for path in footage.iterdir()) == ["talk.mp4", "twin.mp4"]


async def test_bad_files_get_a_sentence_and_the_rest_goes_on(cutroom: Cutroom, footage: Path) -> None:
    whole = (footage / "talk.mp4").read_bytes()
    (footage / "text.mp4").write_text("no video at all\n" * 50)
    (footage / "empty.mp4").write_bytes(b"")
    (footage / "cut-off.mp4").write_bytes(whole[: len(whole) // 2])
    (footage / "quo'te\"new\nline\N{CLAPPER BOARD}.mp4").write_bytes(whole + b"\0" * 8)
    (footage / os.fsdecode(b"no-text-\xff.mp4")).write_bytes(whole + b"\0" * 16)
    os.mkfifo(footage / "pipe.mp4")
    skipped = [one async for batch in cutroom.library.add([footage], owner_id=None) for one in batch.skipped]
    assert [one.code for one in skipped] == ["media.not-a-file"]
    await idle(cutroom)
    found = await by_name(cutroom)
    assert found["text.mp4"].verdict == "not-video"
    for name in ("empty.mp4", "cut-off.mp4"):
        assert found[name].verdict in {"corrupt", "not-video"}
        assert found[name].verdict_message
        assert str(footage) not in found[name].verdict_message
    for name in ("talk.mp4", "quo'te\"new\nline\N{CLAPPER BOARD}.mp4", "no-text-\N{REPLACEMENT CHARACTER}.mp4"):
        assert found[name].proxy_state is ProxyState.READY, found[name]
    odd = found["no-text-\N{REPLACEMENT CHARACTER}.mp4"]
    clip = await cut(cutroom, odd.id, 3, 9)
    assert clip.object_key is not None
    assert numbers_in(cutroom.store.local_path(clip.object_key)) == list(range(3, 9))


async def test_a_file_that_vanishes_or_changes_before_its_job(cutroom: Cutroom, footage: Path, tmp_path: Path) -> None:
    [video_id] = await add(cutroom, footage)
    await idle(cutroom)
    (footage / "talk.mp4").rename(tmp_path / "elsewhere.mp4")
    clip = await cut(cutroom, video_id, 0, 5)
    assert clip.state is ClipState.FAILED
    assert clip.error is not None
    video = await video_of(cutroom, video_id)
    assert video.verdict == "unreadable"
    assert video.proxy_state is ProxyState.READY

    make_footage(footage / "talk.mp4", seconds=1, rate=Fraction(25), width=320, height=240, kind="barcode")
    assert await add(cutroom, footage) == [video_id]
    await idle(cutroom)
    changed = await video_of(cutroom, video_id)
    assert (changed.verdict, changed.rate, changed.proxy_state) == ("healthy", Fraction(25), ProxyState.READY)
    assert changed.asset_id != video.asset_id
    assert {key.split("/")[1] for key in objects_of(cutroom)} == {changed.asset_id}
    clip = await cut(cutroom, video_id, 0, 5)
    assert clip.state is ClipState.READY


async def test_copies_belong_to_the_library(cutroom: Cutroom, footage: Path) -> None:
    paths = [footage / "talk.mp4"]
    [video_id] = [one async for batch in cutroom.library.add(paths, owner_id=None, copy=True) for one in batch.added]
    (footage / "talk.mp4").unlink()
    await idle(cutroom)
    video = await video_of(cutroom, video_id)
    assert (video.verdict, video.proxy_state) == ("healthy", ProxyState.READY)
    async with cutroom.database.transaction() as tx:
        await cutroom.library.delete(tx, video)
    assert objects_of(cutroom) == []
    assert [path for path in cutroom.data.scratch.rglob("*") if path.is_file()] == []
