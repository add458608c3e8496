"""Watched folders: what comes is added when it is at rest, what goes is marked, and a restart finds what it missed."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cutroom.bootstrap import container
from cutroom.bootstrap.container import Cutroom
from cutroom.bootstrap.settings import Settings
from cutroom.core.errors import CutroomError
from cutroom.library import watching
from cutroom.library.models import Video, VideoFilter
from cutroom.library.watching import FolderWatcher, Pace

PACE = Pace(settle=0.4, polling=0.3, events=60.0, list=0.1)


@pytest.fixture
async def cutroom(tmp_path: Path) -> AsyncIterator[Cutroom]:
    made = container.build(Settings(data=tmp_path / "data"))
    await container.start(made)
    yield made
    await made.database.close()


@pytest.fixture
async def folder(cutroom: Cutroom, tmp_path: Path) -> Path:
    made = tmp_path / "incoming"
    (made / "deep").mkdir(parents=True)
    async with cutroom.database.transaction() as tx:
        await cutroom.watched.add(tx, str(made), owner_id=None)
        await cutroom.watched.add(tx, str(made), owner_id=None)  # twice changes nothing
    return made


@asynccontextmanager
async def watched(cutroom: Cutroom) -> AsyncIterator[None]:
    watcher = FolderWatcher(cutroom.watched, extensions=frozenset({"mp4", "mov"}), pace=PACE)
    running = asyncio.create_task(watcher.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def videos(cutroom: Cutroom) -> dict[str, Video]:
    async with cutroom.database.read() as conn:
        page = await cutroom.library.list(conn, viewer=None, where=VideoFilter())
    return {video.name: video for video in page.items}


async def until(cutroom: Cutroom, test: Callable[[dict[str, Video]], bool], seconds: float = 20.0) -> dict[str, Video]:
    end = time.monotonic() + seconds
    while not test(found := await videos(cutroom)):
        assert time.monotonic() < end, found
        await asyncio.sleep(0.05)
    return found


def old(path: Path) -> None:
    path.write_bytes(b"x" * 100)
    os.utime(path, (1, 1))


async def test_what_is_there_what_comes_and_what_goes(cutroom: Cutroom, folder: Path) -> None:
    old(folder / "there.mp4")
    old(folder / "notes.txt")
    async with watched(cutroom):
        await until(cutroom, lambda found: set(found) == {"there.mp4"})
        (folder / "half.mov.part").write_bytes(b"x")
        (folder / ".hidden.mp4").write_bytes(b"x")
        (folder / "deep" / "new.mp4").write_bytes(b"x" * 10)
        await until(cutroom, lambda found: set(found) == {"there.mp4", "new.mp4"})
        (folder / "half.mov.part").rename(folder / "half.mov")
        await until(cutroom, lambda found: set(found) == {"there.mp4", "new.mp4", "half.mov"})
        (folder / "there.mp4").unlink()
        found = await until(cutroom, lambda found: found["there.mp4"].verdict == "unreadable")
        assert "not where it was" in (found["there.mp4"].verdict_message or "")
        old(folder / "there.mp4")
        await until(cutroom, lambda found: found["there.mp4"].verdict == "pending")
    async with cutroom.database.read() as conn:
        [one] = await cutroom.watched.list(conn)
    assert (one.method, one.error) == ("events", None)
    assert one.looked_at is not None


async def test_a_file_that_grows_is_taken_when_it_is_at_rest(cutroom: Cutroom, folder: Path) -> None:
    async with watched(cutroom):
        with (folder / "growing.mp4").open("wb") as file:
            for _ in range(8):
                file.write(b"x" * 1000)
                file.flush()
                assert await videos(cutroom) == {}
                await asyncio.sleep(0.15)
        found = await until(cutroom, lambda found: bool(found))
    assert found["growing.mp4"].size_bytes == 8000


async def test_a_restart_finds_what_came_and_went_meanwhile(cutroom: Cutroom, folder: Path) -> None:
    old(folder / "a.mp4")
    old(folder / "b.mp4")
    async with watched(cutroom):
        await until(cutroom, lambda found: len(found) == 2)
    (folder / "a.mp4").unlink()
    old(folder / "c.mp4")
    async with watched(cutroom):
        found = await until(cutroom, lambda found: "c.mp4" in found and found["a.mp4"].verdict == "unreadable")
    assert found["b.mp4"].verdict == "pending"


async def test_a_folder_that_is_not_mounted_loses_nothing(cutroom: Cutroom, folder: Path) -> None:
    old(folder / "a.mp4")
    async with watched(cutroom):
        await until(cutroom, lambda found: len(found) == 1)
    (folder / "a.mp4").rename(folder.parent / "a.mp4")
    async with watched(cutroom):
        end = time.monotonic() + 10
        while (await cutroom.watched.all())[0].error is None:
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
        assert (await videos(cutroom))["a.mp4"].verdict == "pending"
        (folder.parent / "a.mp4").rename(folder / "a.mp4")
        while (await cutroom.watched.all())[0].error is not None:
            assert time.monotonic() < end
            await asyncio.sleep(0.05)


async def test_a_share_that_tells_nothing_is_looked_at_often(
    cutroom: Cutroom, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "file_system_of", lambda _: "nfs4")
    async with watched(cutroom):
        old(folder / "a.mp4")
        await until(cutroom, lambda found: len(found) == 1)
    assert (await cutroom.watched.all())[0].method == "polling"


async def test_only_folders_that_are_there_are_watched(cutroom: Cutroom, tmp_path: Path) -> None:
    for path in ("relative", str(tmp_path / "nowhere")):
        with pytest.raises(CutroomError):
            async with cutroom.database.transaction() as tx:
                await cutroom.watched.add(tx, path, owner_id=None)
