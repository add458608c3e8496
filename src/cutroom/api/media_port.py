"""The media port: signed objects that are on the disk, sent by the kernel.

An ASGI server has no way to `sendfile`, so every byte of a range passes through Python there. This listener is a plain
asyncio protocol beside it, in the same process: it knows GET and HEAD of `/media/{token}/{key}`, answers from local
files only, and leads everything else to the server itself.
"""

from __future__ import annotations

import asyncio
import os
import re
import stat
import time
from email.utils import formatdate
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers

from cutroom.api.files import decide, etag, raw_headers
from cutroom.api.signed import IMMUTABLE, OPEN_HEADERS, PLAYLIST, media_type_of_key
from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError
from cutroom.delivery.signing import refusal

_MOST_HEAD = 16 << 10
_IDLE_SECONDS = 65.0
_STALLED_SECONDS = 300.0
_REQUEST = re.compile(rb"(GET|HEAD) /media/([^/ ]+)/([^ ?]+)(?:\?[^ ]*)? HTTP/1\.([01])\r\n")
_BACKLOG = 512


class MediaPort:
    """Listens while it is open; `server_url` is where it leads those whose file is not here."""

    def __init__(self, services: Cutroom, *, host: str, port: int, server_port: int) -> None:
        self._services = services
        self._host, self._port, self._server_port = host, port, server_port
        self._server: asyncio.Server | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to listen; several server processes share the port."""
        await self._services.delivery.keys.fresh()
        self._refreshing = asyncio.create_task(self._refresh())
        self._server = await asyncio.start_server(
            self._serve, self._host, self._port, limit=_MOST_HEAD, reuse_port=True, backlog=_BACKLOG
        )

    @property
    def port(self) -> int:
        """Where it listens, also when that was left to the system."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """End every connection."""
        if self._server is not None:
            self._server.close()
        for task in [*self._open, *([self._refreshing] if self._refreshing else [])]:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(1)
            try:
                await self._services.delivery.keys.fresh()
            except (CutroomError, OSError):
                continue  # the database is away for a moment: the keys hold until it is back

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the other side has gone, stalled, or does not speak HTTP
        finally:
            self._open.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection may have another."""
        async with asyncio.timeout(_IDLE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        found = _REQUEST.match(head)
        headers = _headers(head)
        if found is None or "content-length" in headers or "transfer-encoding" in headers:
            writer.write(_answer(HTTPStatus.NOT_FOUND, {"content-length": "0", "connection": "close"}))
            return False
        token, path = found[2].decode("latin-1"), found[3]
        key = unquote_to_bytes(path).decode("utf-8", "replace")
        await self._send(writer, found[1] == b"HEAD", token, key, path.decode("latin-1"), headers)
        return found[4] == b"1" and headers.get("connection", "").lower() != "close"

    async def _send(
        self, writer: asyncio.StreamWriter, head_only: bool, token: str, key: str, path: str, asked: Headers
    ) -> None:
        delivery = self._services.delivery
        reason = refusal(token, key, delivery.keys.known, now=time.time())
        if reason is not None:
            writer.write(_answer(HTTPStatus.FORBIDDEN, {"content-length": "0", "cache-control": "no-store"}))
            return
        try:
            media_type = media_type_of_key(key)
            file, status = _opened(str(self._services.store.local_path(key)))
        except (OSError, CutroomError):
            host = asked.get("host", "").rpartition(":")[0] or "127.0.0.1"
            there = f"http://{host}:{self._server_port}/media/{token}/{path}"
            told = {"location": there, "content-length": "0", "cache-control": "no-store", **OPEN_HEADERS}
            writer.write(_answer(HTTPStatus.TEMPORARY_REDIRECT, told))
            return
        delivery.count_origin_read()
        with file:
            code, start, end, told = _decided(key, media_type, status, asked)
            writer.write(_answer(code, told))
            if not head_only and end > start:
                async with asyncio.timeout(_STALLED_SECONDS):
                    loop = asyncio.get_running_loop()
                    await loop.sendfile(writer.transport, file, start, end - start)


def _opened(path: str) -> tuple[BinaryIO, os.stat_result]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise FileNotFoundError(path)
    return os.fdopen(descriptor, "rb", buffering=0), status


def _decided(
    key: str, media_type: str, status: os.stat_result, asked: Headers
) -> tuple[HTTPStatus, int, int, dict[str, str]]:
    size = status.st_size
    told = {
        "content-type": media_type,
        "accept-ranges": "bytes",
        "etag": etag(f"{key}\0{size}\0{status.st_mtime_ns}"),
        "last-modified": formatdate(status.st_mtime, usegmt=True),
        "cache-control": PLAYLIST if key.endswith(".m3u8") else IMMUTABLE,
        **OPEN_HEADERS,
    }
    code, start, end = decide(asked, told, size)
    if code in (206, 416):
        told["content-range"] = f"bytes {start}-{end - 1}/{size}" if code == 206 else f"bytes */{size}"
    if code != 304:
        told["content-length"] = str(end - start)
    return HTTPStatus(code), start, end, told


def _headers(head: bytes) -> Headers:
    lines = head.split(b"\r\n")[1:-2]
    pairs = [line.partition(b":") for line in lines]
    return Headers(raw=[(name.strip().lower(), value.strip()) for name, _, value in pairs])


def _answer(code: HTTPStatus, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {code.value} {code.phrase}".encode()]
    lines += [name + b": " + value for name, value in raw_headers({**headers, "x-content-type-options": "nosniff"})]
    return b"\r\n".join((*lines, b"", b""))
