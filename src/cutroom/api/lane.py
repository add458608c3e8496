"""The cache lane: answers that were given before, given again without entering the application.

It stands between the guard and the routes. A route opts in with `Cache-Control: private, no-cache` on a plain 200. An
answer is kept under the very credential it was given to, so nobody is ever answered what another asked, and it holds
exactly until somebody commits to the database (`db.commits`): that covers new footage as well as a revoked session.
What depends on the clock alone, such as a session's end, is at most `KEEP_SECONDS` late.
"""

from __future__ import annotations

import hashlib
import secrets
import time
import zlib
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

import brotli
import msgspec
import xxhash
import zstandard
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutroom.api.access import KEPT
from cutroom.cache.entry import MISSING, Entry
from cutroom.cache.memory import Memory
from cutroom.db.commits import Commits

KEEP_SECONDS = 2.0
_OPT_IN = KEPT["Cache-Control"].encode()
_LARGEST = 1 << 20
_COMPRESS_FROM = 500
_CODINGS = ("zstd", "br", "gzip")
_COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdCompressor(level=3).compress(body),
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: _gzip(body),
}
_SECRET = secrets.token_bytes(32)
Headers = list[tuple[bytes, bytes]]


class Answer(msgspec.Struct, frozen=True):
    """One kept answer in one coding."""

    number: int  # of commits, before it was made
    etag: bytes
    headers: Headers
    body: bytes


class CacheLane:
    """Middleware; give it its `commits` when the database is open. Without them it passes everything on."""

    def __init__(self, app: ASGIApp, *, max_bytes: int = 32 << 20) -> None:
        self._app = app
        self.memory = Memory(max_bytes)
        self.asked = 0
        self.unchanged = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or pass on and keep what comes back."""
        commits: Commits | None = getattr(scope["app"].state, "commits", None) if "app" in scope else None
        if scope["type"] != "http" or scope["method"] != "GET" or commits is None:
            await self._app(scope, receive, send)
            return
        number, (credential, coding, known) = commits.number(), _said(scope["headers"])
        if number is None or credential is None:
            await self._app(scope, receive, send)
            return
        key = _key(scope, credential, coding)
        self.asked += 1
        answer = self.memory.peek(key)
        if answer is not MISSING and answer.number == number:
            await self._give(answer, known, send)
            return
        await self._app(scope, receive, _Keeper(self, send, key=key, number=number, coding=coding, known=known))

    async def _give(self, answer: Answer, known: bytes, send: Send) -> None:
        if known and _names(known, answer.etag):
            self.unchanged += 1
            headers = [pair for pair in answer.headers if pair[0] not in _ABOUT_BODY]
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": 200, "headers": list(answer.headers)})
        await send({"type": "http.response.body", "body": answer.body})

    async def keep(
        self, key: str, number: int, coding: str, headers: Headers, body: bytes, known: bytes, send: Send
    ) -> None:
        """An answer that opted in: in the coding it is asked in, with a validator; kept, and given."""
        coded = _COMPRESSORS[coding](body) if coding and len(body) >= _COMPRESS_FROM else body
        coding = coding if coded is not body else ""
        etag = f'"{xxhash.xxh3_128_hexdigest(coded)}"'.encode()
        kept = [pair for pair in headers if pair[0] not in (b"content-length", b"etag", b"vary")]
        kept += [(b"etag", etag), (b"content-length", b"%d" % len(coded))]
        kept.append((b"vary", b"Accept-Encoding, Authorization, Cookie"))
        if coding:
            kept.append((b"content-encoding", coding.encode()))
        answer = Answer(number, etag, kept, coded)
        until = time.monotonic() + KEEP_SECONDS
        self.memory.put(Entry(key, answer, size=len(coded) + 600, fresh_until=until, dead_at=until, group="lane"))
        await self._give(answer, known, send)


_ABOUT_BODY = frozenset({b"content-length", b"content-type", b"content-encoding"})


class _Keeper:
    """`send` of a request that was passed on: collects an answer that may be kept, and lets every other one through."""

    def __init__(self, lane: CacheLane, send: Send, *, key: str, number: int, coding: str, known: bytes) -> None:
        self._lane = lane
        self._send = send
        self._kept = (key, number, coding)
        self._known = known
        self._start: Message | None = None
        self._body: list[bytes] = []
        self._size = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _may_keep(message):
            self._start = message
            return
        if self._start is None or message["type"] != "http.response.body":
            await self._send(message)
            return
        self._body.append(message.get("body", b""))
        self._size += len(self._body[-1])
        if self._size > _LARGEST:
            await self._let_go(more=message.get("more_body", False))
        elif not message.get("more_body", False):
            start, self._start = self._start, None
            headers, body = list(start["headers"]), b"".join(self._body)
            await self._lane.keep(*self._kept, headers, body, self._known, self._send)

    async def _let_go(self, *, more: bool) -> None:
        """Too large after all."""
        start, self._start = self._start, None
        assert start is not None
        await self._send(start)
        await self._send({"type": "http.response.body", "body": b"".join(self._body), "more_body": more})


def _may_keep(start: Message) -> bool:
    """Only what asked for it, and nothing that belongs to one exchange."""
    headers = dict(start["headers"])
    return bool(
        start["status"] == 200
        and headers.get(b"cache-control") == _OPT_IN
        and headers.get(b"content-type") == b"application/json"
        and b"set-cookie" not in headers
        and b"content-encoding" not in headers
    )


def _said(headers: Headers) -> tuple[bytes | None, str, bytes]:
    """Who is asking, by the credential shown; the coding to answer in; the validator it has.

    None for who: nobody, or several credentials at once, of which only the application knows which one counts.
    """
    credentials, accepted, known = [], b"", b""
    for name, value in headers:
        if name in (b"authorization", b"cookie"):
            credentials.append(name + b"=" + value)
        elif name == b"accept-encoding":
            accepted += b"," + value
        elif name == b"if-none-match":
            known = value
        elif name == b"range":
            return None, "", b""
    if len(credentials) != 1:
        return None, "", b""
    return credentials[0], _coding(accepted), known


def _coding(accepted: bytes) -> str:
    """The best of our codings that is accepted (RFC 9110, 12.5.3); "" for none."""
    refused: set[str] = set()
    named: set[str] = set()
    for part in accepted.decode("latin-1").lower().split(","):
        name, _, weight = part.partition(";")
        weight = weight.replace(" ", "")
        zero = weight.startswith("q=0") and not weight.strip("q=0.")
        (refused if zero else named).add(name.strip())
    return next((one for one in _CODINGS if one not in refused and (one in named or "*" in named)), "")


def _key(scope: Scope, credential: bytes, coding: str) -> str:
    """Everything that the answer depends on besides the database."""
    query = scope["query_string"]
    if b"&" in query:
        # The same question in another order is the same question; a repeated name keeps its values' order.
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        query = urlencode(sorted(pairs, key=lambda pair: pair[0])).encode()
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    parts = (credential, host, scope["scheme"].encode(), scope["path"].encode("utf-8", "surrogatepass"), query)
    # Packed with their lengths, so that no two lists of parts run into each other, and hashed under a secret, so that
    # nobody can look for a list that has another's hash. The credential itself is not kept.
    hashed = hashlib.blake2b(msgspec.msgpack.encode(parts), key=_SECRET, digest_size=20).hexdigest()
    return f"{coding}:{hashed}"


def _names(known: bytes, etag: bytes) -> bool:
    tags = {tag.strip().removeprefix(b"W/") for tag in known.split(b",")}
    return etag in tags or b"*" in tags


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()
