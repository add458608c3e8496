"""What the media port answers: the head as bytes, and which part of which file follows."""

from __future__ import annotations

import os
import re
import stat
import time
from email.utils import formatdate
from http import HTTPStatus
from io import FileIO
from urllib.parse import unquote_to_bytes

import msgspec
from starlette.datastructures import Headers

from cutroom.api.files import decide, etag, raw_headers
from cutroom.api.signed import IMMUTABLE, OPEN_HEADERS, PLAYLIST, media_type_of_key
from cutroom.bootstrap.container import Cutroom
from cutroom.core.errors import CutroomError
from cutroom.delivery.signing import refusal

_REQUEST = re.compile(rb"(GET|HEAD) /media/([A-Za-z0-9._-]+)/([^ ?]+)(?:\?[^ ]*)? HTTP/1\.([01])(?:\r\n|$)")
_PLAIN_RANGE = re.compile(rb"\r\n[Rr]ange: ?bytes=(\d{1,15})-(\d{1,15})(?=\r\n|$)")
_PARTIAL = b"HTTP/1.1 206 Partial Content\r\ncontent-range: bytes "
_HOST = re.compile(rb"\r\nhost: ?(\[[0-9a-f:]+\]|[a-z0-9._-]+)", re.IGNORECASE)
_HELD_SECONDS = 1.0
"""How long an open file is used again without another look at it and at its signature."""
_MOST_HELD = 256


class Reply(msgspec.Struct):
    """What is still to be sent."""

    head: bytes
    file: FileIO | None = None
    start: int = 0
    left: int = 0
    last: bool = False  # hang up afterwards
    again: _Held | None = None  # where the same request for another range may be answered from


class _Held(msgspec.Struct):
    """An open file; closed when nobody refers to it any more."""

    file: FileIO
    size: int
    told: dict[str, str]
    lines: bytes  # of the headers that every answer has
    until: float  # monotonic


class Answers:
    """One a process. Files that are asked for again within a second stay open."""

    def __init__(self, services: Cutroom, *, server_port: int) -> None:
        self._delivery = services.delivery
        self._store = services.store
        self._server_port = server_port
        self._held: dict[bytes, _Held] = {}
        self._asked: dict[bytes, _Held] = {}

    def to(self, head: bytes, now: float) -> Reply:
        """The answer to a request (without the empty line at its end) at a monotonic instant."""
        plain = _PLAIN_RANGE.search(head)
        if plain is not None:
            # The same request but for its range, which was looked through a moment ago.
            asked = head[: plain.start()] + head[plain.end() :]
            known = self._asked.get(asked)
            if known is not None and known.until >= now:
                start, end = int(plain[1]), int(plain[2]) + 1
                if start < end <= known.size:
                    self._delivery.count_origin_read()
                    line = b"%s%d-%d/%d\r\ncontent-length: %d%s"
                    told = line % (_PARTIAL, start, end - 1, known.size, end - start, known.lines)
                    return Reply(told, known.file, start, end - start)
        reply = self._look_through(head, now)
        if plain is not None and reply.again is not None:
            if len(self._asked) >= _MOST_HELD:
                del self._asked[next(iter(self._asked))]
            self._asked[asked] = reply.again
        return reply

    def _look_through(self, head: bytes, now: float) -> Reply:
        found = _REQUEST.match(head)
        lower = head.lower()
        if found is None or b"\ncontent-length:" in lower or b"\ntransfer-encoding:" in lower:
            return Reply(_head(HTTPStatus.NOT_FOUND, {"content-length": "0", "connection": "close"}), last=True)
        method, token, path, version = found.groups()
        last = version == b"0" or b"\nconnection: close" in lower
        target = token + b"/" + path
        held = self._held.get(target)
        if held is None or held.until < now:
            answer = self._open(target, token.decode(), path, head, now)
            if isinstance(answer, Reply):
                answer.last = last
                return answer
            held = answer
        self._delivery.count_origin_read()
        reply = _reply(held, head, lower)
        reply.last = last
        if method == b"HEAD":
            reply.left = 0
        elif not last and b"\nif-" not in lower:
            reply.again = held
        return reply

    def _open(self, target: bytes, token: str, path: bytes, head: bytes, now: float) -> _Held | Reply:
        key = unquote_to_bytes(path).decode("utf-8", "replace")
        if refusal(token, key, self._delivery.keys.known, now=time.time()) is not None:
            self._held.pop(target, None)
            return Reply(_head(HTTPStatus.FORBIDDEN, {"content-length": "0", "cache-control": "no-store"}))
        try:
            held = self._hold(key, now)
        except (OSError, CutroomError):
            self._held.pop(target, None)
            host = _HOST.search(head)
            name = host[1].decode() if host else "127.0.0.1"
            there = f"http://{name}:{self._server_port}/media/{token}/{path.decode('latin-1')}"
            told = {"location": there, "content-length": "0", "cache-control": "no-store", **OPEN_HEADERS}
            return Reply(_head(HTTPStatus.TEMPORARY_REDIRECT, told))
        if len(self._held) >= _MOST_HELD:
            del self._held[next(iter(self._held))]
        self._held[target] = held
        return held

    def _hold(self, key: str, now: float) -> _Held:
        media_type = media_type_of_key(key)
        descriptor = os.open(self._store.local_path(key), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        file = FileIO(descriptor, closefd=True)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            file.close()
            raise FileNotFoundError(key)
        told = {
            "content-type": media_type,
            "accept-ranges": "bytes",
            "etag": etag(f"{key}\0{status.st_size}\0{status.st_mtime_ns}"),
            "last-modified": formatdate(status.st_mtime, usegmt=True),
            "cache-control": PLAYLIST if key.endswith(".m3u8") else IMMUTABLE,
            **OPEN_HEADERS,
        }
        lines = _lines(told)
        return _Held(file=file, size=status.st_size, told=told, lines=lines, until=now + _HELD_SECONDS)


def _reply(held: _Held, head: bytes, lower: bytes) -> Reply:
    """The range of a file that a request asks for."""
    plain = None if b"\nif-" in lower else _PLAIN_RANGE.search(head)
    if plain is not None and int(plain[1]) <= int(plain[2]) < held.size:
        start, end, code = int(plain[1]), int(plain[2]) + 1, HTTPStatus.PARTIAL_CONTENT
    else:
        number, start, end = decide(_headers(head), held.told, held.size)
        code = HTTPStatus(number)
    line = b"HTTP/1.1 %d %s" % (code.value, code.phrase.encode())
    if code == HTTPStatus.PARTIAL_CONTENT:
        line += b"\r\ncontent-range: bytes %d-%d/%d" % (start, end - 1, held.size)
    elif code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        line += b"\r\ncontent-range: bytes */%d" % held.size
    if code != HTTPStatus.NOT_MODIFIED:
        line += b"\r\ncontent-length: %d" % (end - start)
    return Reply(line + held.lines, held.file, start, end - start)


def _headers(head: bytes) -> Headers:
    pairs = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    return Headers(raw=[(name.strip().lower(), value.strip()) for name, _, value in pairs])


def _head(code: HTTPStatus, headers: dict[str, str]) -> bytes:
    return f"HTTP/1.1 {code.value} {code.phrase}".encode() + _lines(headers)


def _lines(headers: dict[str, str]) -> bytes:
    told = raw_headers({**headers, "x-content-type-options": "nosniff"})
    return b"".join(b"\r\n%s: %s" % pair for pair in told) + b"\r\n\r\n"
