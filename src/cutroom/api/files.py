"""Serving a local file: ranges, validators, HEAD; never compressed, and in memory only a piece at a time."""

from __future__ import annotations

import asyncio
import mimetypes
import os
import re
import stat
from collections.abc import Awaitable, Callable, Coroutine
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import xxhash
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cutroom.core.errors import CutroomError, ErrorKind

IMMUTABLE = "private, max-age=31536000, immutable"
REVALIDATE = "private, no-cache, no-transform"
"""Files keep their own validators and ranges: nothing on the way may compress them or answer in their place."""
_PIECE = 256 << 10
Elsewhere = Callable[[str, str, str | None], Awaitable[Response | None]]
"""From media type, cache control and download name to the answer, or None when the object is not there either."""
_POSITION = re.compile("[0-9]{0,18}")


class FileAnswer(Response):
    """A file, whole or the range that was asked for."""

    def __init__(
        self,
        path: Path,
        *,
        media_type: str,
        cache_control: str,
        download_name: str | None = None,
        missing: str,
        make: Callable[[], Coroutine[Any, Any, Path]] | None = None,
        elsewhere: Elsewhere | None = None,
        accel: str = "",
    ) -> None:
        """`missing` is the sentence for a file that is not there; `download_name` makes it an attachment.

        `elsewhere` answers from a bucket when there is no local copy. `make` brings a missing file into being while the
        client waits; it is cancelled when the client leaves. What it answers instead of the file itself is not kept by
        browsers. `accel` is where nginx maps the root of the disk, and has it send the file.
        """
        self._accel = accel
        self.more_headers: dict[str, str] = {}
        self.path = path
        self.background = None
        self._media_type = media_type
        self._cache_control = cache_control
        self._download_name = download_name
        self._missing = missing
        self._make = make
        self._elsewhere = elsewhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open, decide, send."""
        opened = await self._open(scope, receive, send)
        if opened is None:
            return
        file, status = opened
        try:
            headers = self._described(status)
            if self._accel and scope["method"] == "GET":
                headers["x-accel-redirect"] = self._accel + quote(os.fsencode(self.path)).lstrip("/")
                await send({"type": "http.response.start", "status": 200, "headers": raw_headers(headers)})
                await send({"type": "http.response.body", "body": b""})
                return
            asked = Headers(scope=scope)
            code, start, end = decide(asked, headers, status.st_size)
            if code == 206:
                headers["content-range"] = f"bytes {start}-{end - 1}/{status.st_size}"
            elif code == 416:
                headers["content-range"] = f"bytes */{status.st_size}"
            if code == 304:
                headers.pop("content-type")
            else:
                headers["content-length"] = str(end - start)
            await send({"type": "http.response.start", "status": code, "headers": raw_headers(headers)})
            if scope["method"] == "HEAD" or code in (304, 416):
                await send({"type": "http.response.body", "body": b""})
            elif code == 200 and "http.response.pathsend" in scope.get("extensions", {}):
                # The server sends the whole file by itself, outside Python.
                await send({"type": "http.response.pathsend", "path": str(self.path)})
            else:

                def read(at: int, length: int) -> bytes:
                    return os.pread(file.fileno(), length, at)

                await send_pieces(read, start, end, receive, send)
        finally:
            file.close()

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> tuple[BinaryIO, os.stat_result] | None:
        """The file and what is known of it; None when it was answered from elsewhere."""
        try:
            return await asyncio.to_thread(_open, self.path, self._missing)
        except CutroomError:
            if self._elsewhere is not None and await self._answer_elsewhere(self._elsewhere, scope, receive, send):
                return None
            if self._make is None or scope["method"] == "HEAD":
                raise
        made = await _unless_gone(self._make(), receive)
        if made != self.path:
            self.path, self._cache_control = made, REVALIDATE
        return await asyncio.to_thread(_open, self.path, self._missing)

    async def _answer_elsewhere(self, elsewhere: Elsewhere, scope: Scope, receive: Receive, send: Send) -> bool:
        answer = await elsewhere(self._media_type, self._cache_control, self._download_name)
        if answer is not None:
            await answer(scope, receive, send)
        return answer is not None

    def _described(self, status: os.stat_result) -> dict[str, str]:
        identity = f"{self.path}\0{status.st_size}\0{status.st_mtime_ns}"
        headers = {
            "content-type": self._media_type,
            "accept-ranges": "bytes",
            "etag": etag(identity),
            "last-modified": formatdate(status.st_mtime, usegmt=True),
            "cache-control": self._cache_control,
        }
        if self._download_name is not None:
            headers["content-disposition"] = attachment(self._download_name)
        return headers | self.more_headers


def etag(identity: str) -> str:
    """A strong validator of whatever `identity` stands for."""
    return f'"{xxhash.xxh3_128_hexdigest(identity.encode("utf-8", "surrogateescape"))}"'


def attachment(name: str) -> str:
    """A Content-Disposition (RFC 6266) with the name for old and new readers."""
    plain = "".join(letter if 32 <= ord(letter) < 127 and letter not in '"\\%' else "_" for letter in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name.encode('utf-8', 'replace'), safe='')}"


def raw_headers(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI sends them."""
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]


def media_type_of(name: str) -> str:
    """The type of an original by its name, and never one that a browser would run."""
    guessed = mimetypes.guess_type(name)[0] or ""
    return guessed if guessed.startswith(("video/", "audio/")) else "application/octet-stream"


def _open(path: Path, missing: str) -> tuple[BinaryIO, os.stat_result]:
    try:
        # Not blocking: a named pipe put in the file's place would otherwise hang here.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise CutroomError("media.not-found", missing, kind=ErrorKind.NOT_FOUND) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise CutroomError("media.not-found", missing, kind=ErrorKind.NOT_FOUND)
    return os.fdopen(descriptor, "rb"), status


def decide(asked: Headers, headers: dict[str, str], size: int) -> tuple[int, int, int]:
    """Status, first byte and the byte after the last (RFC 9110, 13.2.2)."""
    if_none_match = asked.get("if-none-match")
    if if_none_match is not None:
        tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        if headers["etag"] in tags or "*" in tags:
            return 304, 0, 0
    elif _unchanged(asked.get("if-modified-since"), headers["last-modified"]):
        return 304, 0, 0
    wanted = asked.get("range")
    condition = asked.get("if-range")
    if wanted is None or (condition is not None and condition not in (headers["etag"], headers["last-modified"])):
        return 200, 0, size
    return _range(wanted, size)


def _unchanged(since: str | None, modified: str) -> bool:
    """Whether it has kept still since an instant; what cannot be read counts as never."""
    if since is None:
        return False
    try:
        return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False


def _range(wanted: str, size: int) -> tuple[int, int, int]:
    unit, _, spec = wanted.partition("=")
    first, dash, last = spec.strip().partition("-")
    valid = unit.strip().lower() == "bytes" and dash and "," not in spec
    if not valid or not (_POSITION.fullmatch(first) and _POSITION.fullmatch(last)):
        return 200, 0, size  # several ranges, or not understood: the whole file is a right answer
    if first == "":
        if last == "":
            return 200, 0, size
        start, end = max(0, size - int(last)), size
    else:
        start = int(first)
        end = min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return 200, 0, size
    if start >= size or start >= end:
        return 416, 0, 0
    return 206, start, end


async def send_pieces(read: Callable[[int, int], bytes], start: int, end: int, receive: Receive, send: Send) -> None:
    """The bytes from `start` to `end`, which a thread reads with `read(at, length)`, until the other side leaves."""
    gone = asyncio.ensure_future(disconnected(receive))
    try:
        while start < end and not gone.done():
            piece = await asyncio.to_thread(read, start, min(_PIECE, end - start))
            if not piece:
                # It became shorter: the length that was promised cannot be kept, so the connection must break.
                raise OSError("the file became shorter while it was sent")
            start += len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": start < end})
        if start == end and end == 0:
            await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


async def _unless_gone(work: Coroutine[Any, Any, Path], receive: Receive) -> Path:
    """The result of `work`, which is cancelled when the client leaves."""
    working, gone = asyncio.ensure_future(work), asyncio.ensure_future(disconnected(receive))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return await working
    finally:
        working.cancel()
        gone.cancel()


async def disconnected(receive: Receive) -> None:
    """Until the other side has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
