"""Fetching to a file: redirects checked one by one, bounded size and time, nothing left of what failed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cutroom.core.errors import CutroomError
from cutroom.net.addresses import Allowed
from cutroom.net.client import Downloaded, SafeClient
from tests.local_servers import Asked, Behaviour, reply, saying, serving

LOCAL = SafeClient(Allowed.parse(["127.0.0.1"]))
BODY = bytes(range(256)) * 16_000  # 4 MB: several writes


async def fetch(url: str, path: Path, *, max_bytes: int = 1 << 30, seconds: float = 10.0) -> Downloaded:
    return await LOCAL.download(url, path, max_bytes=max_bytes, seconds=seconds, stall_seconds=min(seconds, 5.0))


async def fails(behaviour: Behaviour, path: Path, **more: float) -> CutroomError:
    async with serving(behaviour) as place:
        with pytest.raises(CutroomError) as caught:
            await fetch(place.url(), path, **more)
    assert not path.exists()
    return caught.value


def pages(**answers: bytes) -> Behaviour:
    """A server with a few pages: `start` is /, the others are /name."""

    async def say(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answers[asked.path.strip("/") or "start"])

    return say


async def test_a_file_arrives_whole_and_tells_how_far_it_is(tmp_path: Path):
    told: list[tuple[int, int | None]] = []
    answers = pages(start=reply(302, location="/next"), next=reply(301, location="film"), film=reply(200, BODY))
    async with serving(answers) as place:
        got = await LOCAL.download(
            place.url(), tmp_path / "a", max_bytes=1 << 30, seconds=10, on_bytes=lambda *n: told.append(n)
        )
    assert (tmp_path / "a").read_bytes() == BODY
    assert got == Downloaded(url=place.url("/film"), size_bytes=len(BODY), media_type=None)
    assert told[-1] == (len(BODY), len(BODY))


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://127.0.0.2/", "net.address-refused"),
        ("http://169.254.169.254/latest/meta-data", "net.address-refused"),
        ("http://[::1]/", "net.address-refused"),
        ("file:///etc/passwd", "net.url-invalid"),
        ("http://a:b@127.0.0.1/", "net.url-invalid"),
        ("/", "net.redirect-refused"),
    ],
)
async def test_every_redirect_is_checked(tmp_path: Path, location: str, code: str):
    assert (await fails(saying(reply(302, location=location)), tmp_path / "a")).code == code


async def test_more_than_allowed_is_refused_declared_or_not(tmp_path: Path):
    declared = saying(reply(200, BODY))
    undeclared = saying(b"HTTP/1.1 200 OK\r\n\r\n" + BODY)
    for behaviour in (declared, undeclared):
        assert (await fails(behaviour, tmp_path / "a", max_bytes=3_000_000)).code == "net.too-large"


async def test_what_ends_early_stalls_or_is_packed_is_no_file(tmp_path: Path):
    async def stall(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(200, b"begun", content_length="1000"))
        await writer.drain()
        await asyncio.sleep(30)

    assert (await fails(saying(reply(200, BODY, content_length="9999999")), tmp_path / "a")).code == "net.broken"
    assert (await fails(stall, tmp_path / "a", seconds=0.3)).code == "net.timed-out"
    assert (await fails(saying(reply(200, b"x", content_encoding="gzip")), tmp_path / "a")).code == "net.broken"
    assert (await fails(saying(reply(404)), tmp_path / "a")).code == "net.status"


async def test_a_file_that_is_there_is_left_alone(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"mine")
    async with serving(saying(reply(200, b"theirs"))) as place:
        with pytest.raises(FileExistsError):
            await fetch(place.url(), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"mine"
    assert place.asked == []


async def test_who_gives_up_leaves_nothing(tmp_path: Path):
    async def slow(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(200, b"begun", content_length="1000"))
        await writer.drain()
        await asyncio.sleep(30)

    async with serving(slow) as place:
        fetching = asyncio.create_task(fetch(place.url(), tmp_path / "a"))
        await asyncio.sleep(0.1)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
    assert list(tmp_path.iterdir()) == []
