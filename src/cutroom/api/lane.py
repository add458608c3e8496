"""The cache lane: answers that were given before, given again without entering the application.

The front asks it before anything else. A route opts in with `Cache-Control: private, no-cache` on a plain 200. An
answer is kept under the very credential it was given to, so nobody is ever answered what another asked, and it holds
exactly until somebody commits to the database (`db.commits`): that covers new footage as well as a revoked session.
What depends on the clock alone, such as a session's end, is at most `KEEP_SECONDS` late.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import secrets
import time
import zlib
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

import brotli
import xxhash
import zstandard
from starlette.types import Message, Scope, Send

from cutroom.api.access import KEPT
from cutroom.cache.entry import MISSING, Entry
from cutroom.cache.memory import Memory
from cutroom.db.commits import Commits
from cutroom.telemetry.meters import Timing

KEEP_SECONDS = 2.0
_OPT_IN = KEPT["Cache-Control"].encode()
_LARGEST = 1 << 20
_COMPRESS_FROM = 500
_MOST_PATHS = 20_000
_CODINGS = ("zstd", "br", "gzip")
_COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdCompressor(level=3).compress(body),
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: _gzip(body),
}
_OF_304 = frozenset({b"cache-control", b"etag", b"vary"})
"""What a 304 repeats (RFC 9110, 15.4.5); the rest stays with who has the answer."""
_SECRET = secrets.token_bytes(32)
_NEITHER = (None, None)
_NO_BODY: Message = {"type": "http.response.body", "body": b""}
Headers = list[tuple[bytes, bytes]]


class Answer:
    """One kept answer in one coding, as the messages it is sent in."""

    __slots__ = ("account", "body", "etag", "number", "renew_at", "start", "timing", "unchanged")

    def __init__(
        self, number: Hashable, etag: bytes, headers: Headers, body: bytes, account: str | None, timing: Timing
    ) -> None:
        self.number = number  # of commits, before it was made
        self.etag = etag
        self.start: Message = {"type": "http.response.start", "status": 200, "headers": headers}
        self.body: Message = {"type": "http.response.body", "body": body}
        said = [pair for pair in headers if pair[0] in _OF_304 or pair[0].startswith(b"access-control-")]
        self.unchanged: Message = {"type": "http.response.start", "status": 304, "headers": said}
        self.account = account  # whose rate its repetition counts against
        self.timing = timing  # what its repetition is counted in
        self.renew_at = time.monotonic() + KEEP_SECONDS / 2  # who asks then has it made anew, before it ends for all

    def messages(self, known: bytes | None) -> tuple[Message, Message]:
        """Whole, or 304 to who has it."""
        if known is not None and (known == self.etag or _names(known, self.etag)):
            return self.unchanged, _NO_BODY
        return self.start, self.body


class Question:
    """What was asked and cannot be answered from before: its place in memory, and how it wants to be answered."""

    __slots__ = ("answered", "coding", "key", "known", "number", "path")

    def __init__(self, path: str, key: str, number: Hashable, coding: str, known: bytes | None) -> None:
        self.path = path
        self.key = key
        self.number = number
        self.coding = coding
        self.known = known
        self.answered: asyncio.Future[Answer | None] | None = None  # of the one that is being answered for others too


class CacheLane:
    """Kept answers of one process; give it its `commits` when the database is open. Without them it keeps nothing."""

    def __init__(self, *, max_bytes: int = 32 << 20) -> None:
        self.memory = Memory(max_bytes)
        self.commits: Commits | None = None
        self.hits = 0
        self.made = 0
        self._asking: dict[str, Question] = {}
        self._kept_paths: set[str] = set()

    def look(self, scope: Scope) -> tuple[Question | None, Answer | None]:
        """A kept answer that still holds, or the question where there is none; neither for what is never kept."""
        commits = self.commits
        if commits is None or scope["method"] != "GET":
            return _NEITHER
        headers = scope["headers"]
        said: dict[bytes, bytes] = dict(headers)
        bearer, cookie = said.get(b"authorization"), said.get(b"cookie")
        # With several credentials, or a header given twice, only the application knows which one counts.
        if (bearer is None) == (cookie is None) or len(said) != len(headers) or b"range" in said:
            return _NEITHER
        number = commits.number()
        if number is None:
            return _NEITHER
        coding = _coding(said.get(b"accept-encoding", b""))
        key = _key(scope, said, bearer, cookie, coding)
        answer = self.memory.peek(key)
        if answer is not MISSING and answer.number == number:
            if answer.renew_at > self.memory.clock():
                self.hits += 1
                return None, answer
            answer.renew_at = math.inf  # this one is renewed from now on; the others still get the answer
        return Question(scope["path"], key, number, coding, said.get(b"if-none-match")), None

    async def join(self, asked: Question) -> Answer | None:
        """The answer to the same question that is being answered already, if nothing was committed since it began.

        None for the one who has to answer it, or where what was answered is not to be kept. Nobody waits at an address
        of which nothing was kept before: it may be a stream.
        """
        if asked.path not in self._kept_paths:
            return None
        first = self._asking.get(asked.key)
        if first is None or first.number != asked.number or first.answered is None:
            asked.answered = asyncio.get_running_loop().create_future()
            self._asking[asked.key] = asked
            return None
        answer = await asyncio.shield(first.answered)
        self.hits += answer is not None
        return answer

    def leave(self, asked: Question, answer: Answer | None = None) -> None:
        """The question is answered, or will not be."""
        if self._asking.get(asked.key) is asked:
            del self._asking[asked.key]
        if asked.answered is not None and not asked.answered.done():
            asked.answered.set_result(answer)

    def keep(self, asked: Question, headers: Headers, body: bytes, account: str | None, timing: Timing) -> Answer:
        """An answer that opted in, in the coding it is asked in and with a validator."""
        self.made += 1
        coding = asked.coding if len(body) >= _COMPRESS_FROM else ""
        coded = _COMPRESSORS[coding](body) if coding else body
        etag = f'"{xxhash.xxh3_128_hexdigest(coded)}"'.encode()
        varies = [value for name, value in headers if name == b"vary"]
        kept = [pair for pair in headers if pair[0] not in (b"content-length", b"etag", b"vary")]
        kept += [(b"etag", etag), (b"content-length", b"%d" % len(coded))]
        kept.append((b"vary", b", ".join([b"Accept-Encoding, Authorization, Cookie", *varies])))
        if coding:
            kept.append((b"content-encoding", coding.encode()))
        answer = Answer(asked.number, etag, kept, coded, account, timing)
        until = time.monotonic() + KEEP_SECONDS
        size = len(coded) + 1500
        self.leave(asked, answer)
        if len(self._kept_paths) >= _MOST_PATHS:
            self._kept_paths.clear()
        self._kept_paths.add(asked.path)
        self.memory.put(Entry(asked.key, answer, size=size, fresh_until=until, dead_at=until, group="lane"))
        return answer


class Keeper:
    """`send` of a request that was passed on: collects an answer that may be kept, and lets every other one through."""

    def __init__(self, lane: CacheLane, asked: Question, send: Send, about: Callable[[], tuple[Any, Timing]]) -> None:
        """`about` says whose request it was, and what its repetitions are counted in."""
        self._lane = lane
        self._asked = asked
        self._send = send
        self._about = about
        self._start: Message | None = None
        self._body: list[bytes] = []
        self._size = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _may_keep(message):
            self._start = message
            return
        if self._start is None or message["type"] != "http.response.body":
            self._lane.leave(self._asked)  # nothing to wait for
            await self._send(message)
            return
        self._body.append(message.get("body", b""))
        self._size += len(self._body[-1])
        if self._size > _LARGEST:
            await self._let_go(more=message.get("more_body", False))
        elif not message.get("more_body", False):
            start, self._start = self._start, None
            answer = self._lane.keep(self._asked, list(start["headers"]), b"".join(self._body), *self._about())
            for each in answer.messages(self._asked.known):
                await self._send(each)

    async def _let_go(self, *, more: bool) -> None:
        """Too large after all."""
        self._lane.leave(self._asked)
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
        and b"accept-ranges" not in headers  # files: the server sends them by itself, and playlists grow unannounced
    )


@lru_cache(256)
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


def _key(scope: Scope, said: dict[bytes, bytes], bearer: bytes | None, cookie: bytes | None, coding: str) -> str:
    """Everything that the answer depends on besides the database."""
    query = scope["query_string"]
    # Neither a header nor a query can hold a line's end, and the path, which can, comes last: no two lists of parts run
    # into each other. Hashed under a secret, so that nobody can look for a list that has another's hash, and so that
    # the credential itself is not kept.
    parts = b"\n".join(
        (
            b"b" if bearer is not None else b"c",
            bearer if bearer is not None else cookie or b"",
            said.get(b"host", b""),
            said.get(b"origin", b""),
            scope["scheme"].encode(),
            coding.encode(),
            _in_order(query) if b"&" in query else query,
            scope["path"].encode("utf-8", "surrogatepass"),
        )
    )
    return hashlib.blake2b(parts, key=_SECRET, digest_size=20).hexdigest()


@lru_cache(1024)
def _in_order(query: bytes) -> bytes:
    """The same question in another order is the same question; a repeated name keeps its values' order."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return urlencode(sorted(pairs, key=lambda pair: pair[0])).encode()


def _names(known: bytes, etag: bytes) -> bool:
    tags = {tag.strip().removeprefix(b"W/") for tag in known.split(b",")}
    return etag in tags or b"*" in tags


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()
