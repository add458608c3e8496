"""Uploads: bytes to the disk as they come, nothing left of what fails, bounded memory."""

from __future__ import annotations

import errno
import os
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cutroom.bootstrap import container
from cutroom.bootstrap.container import Cutroom
from cutroom.bootstrap.settings import Settings, UploadsSettings
from cutroom.core.errors import CutroomError
from cutroom.library.models import LocationKind, VideoFilter

HEAD = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"


@pytest.fixture
async def cutroom(tmp_path: Path) -> AsyncIterator[Cutroom]:
    made = container.build(Settings(data=tmp_path / "data", uploads=UploadsSettings(max_gib=0.125)))
    await container.start(made)
    yield made
    await made.database.close()


async def body(content: bytes, piece: int = 5000) -> AsyncIterator[bytes]:
    for at in range(0, len(content), piece):
        yield content[at : at + piece]


async def left_over(cutroom: Cutroom) -> list[Path]:
    async with cutroom.database.read() as conn:
        page = await cutroom.library.list(conn, viewer=None, where=VideoFilter())
    assert page.items == []
    folders = (cutroom.data.scratch, cutroom.data.objects)
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


async def test_every_byte_arrives(cutroom: Cutroom) -> None:
    content = HEAD + os.urandom(3_000_001)
    handed = await cutroom.uploads.receive(
        body(content), name='../a "b"\n.mp4', owner_id=None, announced_bytes=len(content)
    )
    video = handed.video
    assert (video.name, video.location_kind, video.size_bytes) == ('../a "b"\n.mp4', LocationKind.STORED, len(content))
    assert video.path == f"originals/{video.id}/_a _b_.mp4"
    assert cutroom.store.local_path(video.path).read_bytes() == content
    assert [path for path in cutroom.data.scratch.rglob("*") if path.is_file()] == []
    async with cutroom.database.read() as conn:
        assert [job.kind for job in (await cutroom.jobs.active(conn, [video.id]))[video.id]] == ["inspect"]


@pytest.mark.parametrize(
    ("content", "announced", "code"),
    [
        (b"just a text\n" * 10, None, "uploads.not-video"),
        (b"just a text\n" * 10_000, None, "uploads.not-video"),
        (b"", 0, "uploads.empty"),
        (HEAD + b"x" * 1000, 5000, "uploads.incomplete"),
        (HEAD, 1 << 40, "uploads.too-large"),
    ],
)
async def test_nothing_stays_of_what_is_refused(
    cutroom: Cutroom, content: bytes, announced: int | None, code: str
) -> None:
    with pytest.raises(CutroomError) as caught:
        await cutroom.uploads.receive(body(content), name="a.mp4", owner_id=None, announced_bytes=announced)
    assert caught.value.code == code
    assert await left_over(cutroom) == []


async def test_a_body_that_lies_about_its_length_is_stopped(cutroom: Cutroom) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1 << 20
            yield HEAD + bytes((1 << 20) - len(HEAD))

    with pytest.raises(CutroomError) as caught:
        await cutroom.uploads.receive(endless(), name="a.mp4", owner_id=None)
    assert caught.value.code == "uploads.too-large"
    assert sent <= (1 << 27) + (2 << 20)
    assert await left_over(cutroom) == []


async def test_a_connection_that_breaks(cutroom: Cutroom) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield HEAD + bytes(2 << 20)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await cutroom.uploads.receive(broken(), name="a.mp4", owner_id=None)
    assert await left_over(cutroom) == []


async def test_a_full_disk_is_one_sentence(cutroom: Cutroom, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int, _piece: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("cutroom.uploads.spool.os.write", refuse)
    with pytest.raises(CutroomError) as caught:
        await cutroom.uploads.receive(body(HEAD + bytes(100)), name="a.mp4", owner_id=None)
    monkeypatch.undo()
    assert caught.value.code == "storage.full"
    assert await left_over(cutroom) == []


async def test_memory_does_not_grow_with_the_file(cutroom: Cutroom) -> None:
    async def long() -> AsyncIterator[bytes]:
        yield HEAD
        for _ in range(1000):
            yield bytes(64 << 10)

    await cutroom.uploads.receive(body(HEAD * 10), name="warm.mp4", owner_id=None)
    tracemalloc.start()
    await cutroom.uploads.receive(long(), name="a.mp4", owner_id=None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
