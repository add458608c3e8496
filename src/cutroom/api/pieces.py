"""Serving bytes that lie in many places as one file, and bytes that are only just being made."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from email.utils import formatdate
from itertools import accumulate
from typing import Any

import xxhash
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cutroom.api.files import REVALIDATE, attachment, decide, disconnected, raw_headers
from cutroom.proxies.models import Joined
from cutroom.storage.port import ObjectStore

_PIECE = 256 << 10
_STALLED_SECONDS = 300.0  # without taking a byte, after which somebody counts as gone


class JoinedAnswer(Response):
    """A rung as one MP4, whole or the range that was asked for; nothing of it is copied anywhere."""

    def __init__(self, joined: Joined, *, store: ObjectStore, download_name: str, identity: str) -> None:
        """`identity` names the bytes for ever: the ladder and the rung."""
        self._store = store
        self.background = None
        self._joined = joined
        self._download_name = download_name
        self._identity = identity
        self._ends = list(accumulate([len(joined.file.head), *(piece.size for piece in joined.file.pieces)]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Decide and send."""
        size = self._ends[-1]
        head = f"{self._identity}\0{size}\0".encode() + self._joined.file.head
        headers = {
            "content-type": "video/mp4",
            "accept-ranges": "bytes",
            "etag": f'"{xxhash.xxh3_128_hexdigest(head)}"',
            "last-modified": formatdate(self._joined.made_at / 1e6, usegmt=True),
            "cache-control": REVALIDATE,
            "content-disposition": attachment(self._download_name),
        }
        code, start, end = decide(Headers(scope=scope), headers, size)
        if code == 206:
            headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
        elif code == 416:
            headers["content-range"] = f"bytes */{size}"
        if code == 304:
            headers.pop("content-type")
        else:
            headers["content-length"] = str(end - start)
        await send({"type": "http.response.start", "status": code, "headers": raw_headers(headers)})
        if scope["method"] == "HEAD" or code in (304, 416):
            await send({"type": "http.response.body", "body": b""})
            return
        await self._send(start, end, receive, send)

    async def _send(self, start: int, end: int, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(disconnected(receive))
        try:
            for key, offset, length in self._stretches(start, end):
                if gone.done():
                    return
                start += length
                body = await asyncio.to_thread(self._read, key, offset, length)
                async with asyncio.timeout(_STALLED_SECONDS):
                    await send({"type": "http.response.body", "body": body, "more_body": start < end})
        finally:
            gone.cancel()

    def _stretches(self, start: int, end: int) -> Iterator[tuple[str | None, int, int]]:
        """Where the bytes from `start` to `end` lie: key (None: the head), offset and length, never too long."""
        pieces = self._joined.file.pieces
        number = bisect_right(self._ends, start)
        while start < end:
            begins = self._ends[number - 1] if number else 0
            length = min(end, self._ends[number], start + _PIECE) - start
            if number:
                piece = pieces[number - 1]
                yield f"{self._joined.prefix}/{piece.file}", piece.offset + start - begins, length
            else:
                yield None, start, length
            start += length
            number += start == self._ends[number]

    def _read(self, key: str | None, offset: int, length: int) -> bytes:
        if key is None:
            return self._joined.file.head[offset : offset + length]
        data = self._store.read_range(key, offset, length)
        if len(data) < length:
            # The length that was promised cannot be kept, so the connection must break.
            raise OSError("a segment became shorter while it was sent")
        return data


class MadeAnswer(Response):
    """A download that is made while it goes out; it has no length beforehand, and ends when nobody takes it."""

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes, None], headers: dict[str, str]) -> None:
        """`first` is what `rest` gave first: with it nothing can fail any more before the answer begins."""
        self.background = None
        self._first = first
        self._rest = rest
        self._described = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send piece after piece; whoever leaves stops the work."""
        gone = asyncio.ensure_future(disconnected(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": raw_headers(self._described)})
            piece: bytes | None = self._first
            while piece is not None:
                async with asyncio.timeout(_STALLED_SECONDS):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                piece = await self._next(gone)
            if not gone.done():
                await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            await self._rest.aclose()

    async def _next(self, gone: asyncio.Future[None]) -> bytes | None:
        """The next piece; None at the end, or when nobody is left."""
        making: asyncio.Future[bytes | None] = asyncio.ensure_future(anext(self._rest, None))
        waited: set[asyncio.Future[Any]] = {making, gone}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not making.done():
            making.cancel()
            with suppress(asyncio.CancelledError):
                await making
            return None
        return making.result()


def made_headers(media_type: str, download_name: str) -> dict[str, str]:
    """The headers of a download that is made while it goes out."""
    return {
        "content-type": media_type,
        "content-disposition": attachment(download_name),
        "cache-control": "private, no-store",
        "accept-ranges": "none",
    }
