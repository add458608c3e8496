"""Fetching a URL: it goes on where it broke off, and takes nothing but media."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest

from cutroom.core.errors import CutroomError
from cutroom.net.addresses import Allowed
from cutroom.net.client import SafeClient
from cutroom.net.resuming import file_name
from cutroom.uploads.work import fetch
from tests.local_servers import Asked, Behaviour, reply, saying, serving

FILM = b"\x00\x00\x00\x18ftypisom" + bytes(range(256)) * 16_000
TAG = '"one"'


def breaking(at: int, *, tag: str = TAG) -> Behaviour:
    """Ends the first answer after `at` bytes; knows ranges."""
    calls = 0

    async def say(asked: Asked, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        wanted = asked.headers.get("range")
        if calls == 1:
            writer.write(reply(200, FILM[:at], content_length=str(len(FILM)), etag=tag))
        elif wanted and asked.headers["if-range"] == TAG and tag == TAG:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            end = len(FILM) - 1
            writer.write(reply(206, FILM[start:], content_range=f"bytes {start}-{end}/{len(FILM)}", etag=tag))
        else:
            writer.write(reply(200, FILM, etag='"two"'))

    return say


def run(url: str, path: Path, **more: Any) -> Any:
    asked = {"allow": ["127.0.0.1"], "max_bytes": 1 << 30, "seconds": 20.0, **more}
    return fetch(report=lambda _: None, url=url, path=str(path), **asked)


@pytest.mark.parametrize("tag", [TAG, 'W/"weak"', '"gone"'])
async def test_what_broke_off_goes_on(tmp_path: Path, tag: str):
    path = tmp_path / "a"
    async with serving(breaking(2_500_000, tag=tag)) as place:
        with pytest.raises(CutroomError) as caught:
            await asyncio.to_thread(run, place.url("/film.mp4"), path)
        assert caught.value.code == "net.broken"
        assert path.stat().st_size == 2_500_000
        done = await asyncio.to_thread(run, place.url("/film.mp4"), path)
    assert done.size_bytes == len(FILM)
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(FILM).digest()
    assert ("range" in place.asked[1].headers) == (tag != 'W/"weak"')
    assert list(tmp_path.iterdir()) == [path]


async def test_another_address_begins_anew(tmp_path: Path):
    path = tmp_path / "a"
    async with serving(breaking(1_000_000)) as place:
        with pytest.raises(CutroomError):
            await asyncio.to_thread(run, place.url("/one"), path)
        await asyncio.to_thread(run, place.url("/two"), path)
    assert "range" not in place.asked[1].headers
    assert path.read_bytes() == FILM


async def test_only_media_is_taken(tmp_path: Path):
    for body, code in ((b"<html>" * 1000, "uploads.not-video"), (b"", "uploads.empty")):
        async with serving(saying(reply(200, body))) as place:
            with pytest.raises(CutroomError) as caught:
                await asyncio.to_thread(run, place.url("/film.mp4"), tmp_path / code)
        assert caught.value.code == code


async def test_limits_and_redirects_hold(tmp_path: Path):
    async with serving(saying(reply(200, FILM))) as place:
        with pytest.raises(CutroomError) as caught:
            await asyncio.to_thread(run, place.url(), tmp_path / "a", max_bytes=1_000_000)
        assert caught.value.code == "net.too-large"
    async with serving(saying(reply(302, location="http://169.254.169.254/"))) as place:
        with pytest.raises(CutroomError) as caught:
            await asyncio.to_thread(run, place.url(), tmp_path / "b")
        assert caught.value.code == "net.address-refused"


async def test_a_refused_range_begins_anew(tmp_path: Path):
    path = tmp_path / "a"

    async def say(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if "range" in asked.headers:
            writer.write(reply(416))
        elif len(place.asked) == 1:
            writer.write(reply(200, FILM[:1000], content_length=str(len(FILM)), etag=TAG))
        else:
            writer.write(reply(200, FILM, etag=TAG))

    client = SafeClient(Allowed.parse(["127.0.0.1"]))
    async with serving(say) as place:
        with pytest.raises(CutroomError):
            await client.resume(place.url(), path, max_bytes=1 << 30, seconds=10)
        await client.resume(place.url(), path, max_bytes=1 << 30, seconds=10)
    assert path.read_bytes() == FILM


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="a b.mp4"', "a b.mp4"),
        ("attachment; filename*=UTF-8''%e2%82%ac.mov", "€.mov"),
        ('attachment; filename="../../etc/x.mp4"', "x.mp4"),
        ('attachment; filename="C:\\\\x.mp4"', "x.mp4"),
        ("attachment", None),
        ("", None),
        ("\x00;;;=", None),
    ],
)
def test_names_of_what_is_fetched(header: str, name: str | None):
    assert file_name({"content-disposition": header}) == name
