"""The media port: what it answers, what it refuses, and that pages are led to it."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from cutroom.bootstrap.settings import ServerSettings, Settings
from cutroom.delivery.signing import sign

from .conftest import Server, Somebody

TREE = "proxies/ast_1/recipe"
CONTENT = os.urandom(3 << 20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", server=ServerSettings(port=8400, media_port=free_port()))


@pytest.fixture
async def path(server: Server) -> str:
    """The signed path of a segment that is there."""
    file = server.services.data.objects / TREE / "720/00000.m4s"
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    return await signed(server, f"{TREE}/720/00000.m4s")


async def signed(server: Server, key: str, *, seconds: int = 600) -> str:
    newest = await server.services.delivery.keys.newest()
    return f"/media/{sign(newest, TREE, expires_at=int(time.time()) + seconds)}/{key}"


def client(server: Server) -> httpx.AsyncClient:
    port = server.services.settings.server.media_port
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False)


@pytest.mark.parametrize(
    ("wanted", "status", "start", "end"),
    [
        ("", 200, 0, len(CONTENT)),
        ("bytes=0-0", 206, 0, 1),
        ("bytes=1000-2097152", 206, 1000, 2097153),
        ("bytes=3145000-", 206, 3145000, len(CONTENT)),
        ("bytes=-7", 206, len(CONTENT) - 7, len(CONTENT)),
        ("bytes=5-99999999999", 206, 5, len(CONTENT)),
        ("bytes=99999999-", 416, 0, 0),
        ("bytes=9-3", 200, 0, len(CONTENT)),
        ("bytes=1-2,5-6", 200, 0, len(CONTENT)),
        ("lines=1-2", 200, 0, len(CONTENT)),
    ],
)
async def test_ranges_are_those_of_the_server(
    server: Server, path: str, wanted: str, status: int, start: int, end: int
) -> None:
    async with client(server) as media, server.client() as here:
        headers = {"range": wanted} if wanted else {}
        for http in (media, here):
            found = await http.get(path, headers=headers)
            assert (found.status_code, found.content) == (status, CONTENT[start:end])
            told = (await http.head(path, headers=headers)).headers
            assert told["content-length"] == str(end - start)
            assert told.get("content-range") == found.headers.get("content-range")
            assert "immutable" in found.headers["cache-control"]
            assert found.headers["access-control-allow-origin"] == "*"


async def test_conditions(server: Server, path: str) -> None:
    async with client(server) as media:
        first = await media.get(path, headers={"range": "bytes=0-9"})
        for name, value, status in (
            ("if-none-match", first.headers["etag"], 304),
            ("if-none-match", '"another"', 206),
            ("if-modified-since", first.headers["last-modified"], 304),
            ("if-modified-since", "Mon, 01 Jan 2001 00:00:00 GMT", 206),
            ("if-modified-since", "nonsense", 206),
            ("if-range", first.headers["etag"], 206),
            ("if-range", '"another"', 200),
        ):
            found = await media.get(path, headers={"range": "bytes=0-9", name: value})
            assert found.status_code == status, (name, value)


async def test_what_is_not_signed_well_is_refused_and_what_is_not_here_is_led_on(server: Server, path: str) -> None:
    async with client(server) as media:
        assert (await media.get(path.replace("720/00000", "720/00001"))).status_code == 307
        led = await media.get(path.replace("00000", "00001"))
        assert led.headers["location"].startswith("http://127.0.0.1:8400/media/")
        assert (await media.get(path.replace("ast_1", "ast_2"))).status_code == 403
        assert (await media.get(await signed(server, f"{TREE}/720/00000.m4s", seconds=-1))).status_code == 403
        assert (await media.get("/api/videos")).status_code == 404
        assert (await media.get("/media/x/../../cutroom.db")).status_code in (403, 404)
        async with server.services.database.transaction() as tx:
            await server.services.delivery.rotate(tx, revoke=True)
        await asyncio.sleep(1.2)
        assert (await media.get(path)).status_code == 403


async def test_one_connection_takes_requests_in_pieces_and_several_at_once(server: Server, path: str) -> None:
    port = server.services.settings.server.media_port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nRange: bytes=5-8\r\n\r\n".encode()
    for byte in request:
        writer.write(bytes([byte]))
        await writer.drain()
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 206")
    assert await reader.readexactly(4) == CONTENT[5:9]
    writer.write(request * 20 + request.replace(b"Host: x", b"Connection: close"))
    for _ in range(21):
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(4) == CONTENT[5:9]
    assert await reader.read() == b""
    writer.close()


async def test_a_slow_reader_gets_all_of_it_and_holds_up_nobody(server: Server, path: str) -> None:
    port = server.services.settings.server.media_port
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    async with client(server) as media:
        assert (await media.get(path, headers={"range": "bytes=0-9"})).content == CONTENT[:10]
    assert await reader.readexactly(len(CONTENT)) == CONTENT
    writer.close()


async def test_garbage_ends_the_connection(server: Server, path: str) -> None:
    port = server.services.settings.server.media_port
    for sent in (b"\x00" * 40_000, b"GET / HTTP/1.1\r\n\r\n", b"POST " + path.encode() + b" HTTP/1.1\r\n\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        answer = b""
        async with asyncio.timeout(20):
            with suppress(ConnectionResetError):  # it hangs up with some of it unread
                answer = await reader.read()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 404")
        writer.close()


async def test_pages_are_led_to_the_media_port(server: Server, admin: Somebody) -> None:
    policy = (await server.client().get("/")).headers["content-security-policy"]
    assert f"media-src 'self' blob: *:{server.services.settings.server.media_port}" in policy
