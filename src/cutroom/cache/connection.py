"""One RESP3 connection that all requests of a process share.

What is sent in one turn of the loop leaves in one write; replies and invalidation pushes arrive in the order in which
Redis wrote them, which is what the cache's coherence rests on. redis-py cannot give that: its asynchronous client takes
a connection a command.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cutroom.cache.errors import bad_url

Reply = Any


class RedisGone(ConnectionError):
    """The connection is not there, was lost, or hangs."""


class RedisRefused(Exception):
    """Redis answered with an error."""


class Connection(asyncio.Protocol):
    """An open connection; made by `connect`."""

    def __init__(self, *, silence: float, on_push: Callable[[list[Any]], None], on_lost: Callable[[], None]) -> None:
        import hiredis

        self._reader = hiredis.Reader(replyError=RedisRefused, notEnoughData=...)
        self._pack: Callable[[tuple[Any, ...]], bytes] = hiredis.pack_command
        self._push_type = hiredis.PushNotification
        self._loop = asyncio.get_running_loop()
        self._silence = silence
        self._on_push = on_push
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[asyncio.Future[Reply]] = deque()
        self._unsent: list[bytes] = []
        self._answered = 0
        self._watch: asyncio.TimerHandle | None = None

    @property
    def alive(self) -> bool:
        """Whether commands can be sent."""
        return self._transport is not None

    def send(self, *words: bytes | str | int) -> asyncio.Future[Reply]:
        """A command's reply, to be awaited. Raises `RedisGone` there, or `RedisRefused`."""
        future: asyncio.Future[Reply] = self._loop.create_future()
        if self._transport is None:
            future.set_exception(RedisGone())
            return future
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(self._pack(words))
        self._waiting.append(future)
        if self._watch is None:
            self._wait()
        return future

    def close(self) -> None:
        """Let go of the connection; everything that waits gets `RedisGone`."""
        if self._transport is not None:
            self._transport.abort()
            self._lost()

    def _flush(self) -> None:
        if self._transport is not None and self._unsent:
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()

    def _wait(self) -> None:
        due = self._loop.time() + self._silence
        self._watch = self._loop.call_later(self._silence, self._look, self._answered, due)

    def _look(self, answered: int, due: float) -> None:
        """Whether Redis hangs: nothing came for a time-out while somebody waited, and it was not us who were busy."""
        self._watch = None
        if not self._waiting:
            return
        late = self._loop.time() - due > self._silence / 4
        if self._answered == answered and not late:
            self.close()
        else:
            self._wait()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready."""
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Replies and pushes, in order."""
        reader, waiting, push_type = self._reader, self._waiting, self._push_type
        reader.feed(data)
        try:
            while (reply := reader.gets()) is not ...:
                if type(reply) is push_type:
                    self._on_push(reply)
                    continue
                self._answered += 1
                future = waiting.popleft()
                if future.done():
                    continue
                if isinstance(reply, RedisRefused):
                    future.set_exception(reply)
                else:
                    future.set_result(reply)
        except (ValueError, IndexError):  # not the protocol: whatever this is, it is not our Redis
            self.close()

    def connection_lost(self, _error: Exception | None) -> None:
        """The other side went."""
        self._lost()

    def _lost(self) -> None:
        if self._transport is None:
            return
        self._transport = None
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        waiting, self._waiting = self._waiting, deque()
        self._unsent.clear()
        # First the pages that would be wrong from now on, then those who wait.
        self._on_lost()
        for future in waiting:
            if not future.done():
                future.set_exception(RedisGone())


async def connect(
    url: str, *, silence: float, on_push: Callable[[list[Any]], None], on_lost: Callable[[], None]
) -> Connection:
    """Open a connection with client tracking on; `silence` is after how many seconds Redis counts as hung.

    `redis://[USER:PASSWORD@]HOST[:PORT][/DB]`, `rediss://…` (TLS) or `unix:///PATH[?db=N]`. Raises `RedisGone`,
    `RedisRefused`, and `cache.bad-url`.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise bad_url(url)
    loop = asyncio.get_running_loop()

    def make() -> Connection:
        return Connection(silence=silence, on_push=on_push, on_lost=on_lost)

    try:
        async with asyncio.timeout(max(silence, 1.0)):
            if parts.scheme == "unix":
                _, connection = await loop.create_unix_connection(make, parts.path)
            else:
                secure = ssl.create_default_context() if parts.scheme == "rediss" else None
                _, connection = await loop.create_connection(
                    make, parts.hostname or "localhost", parts.port or 6379, ssl=secure
                )
    except OSError as error:  # a TimeoutError too
        raise RedisGone(str(error)) from error
    try:
        await _introduce(connection, unquote(parts.username or ""), unquote(parts.password or ""), _database(url))
    except BaseException:
        connection.close()
        raise
    return connection


async def _introduce(connection: Connection, user: str, password: str, database: int) -> None:
    login: list[str] = ["AUTH", user or "default", password] if password else []
    greeting = connection.send("HELLO", "3", *login, "SETNAME", "cutroom-cache")
    chosen = connection.send("SELECT", str(database))
    # Our own writes are applied here at once, so no word about them is needed.
    tracking = connection.send("CLIENT", "TRACKING", "ON", "NOLOOP")
    for reply in await asyncio.gather(greeting, chosen, tracking, return_exceptions=True):
        if isinstance(reply, BaseException):
            raise reply


def _database(url: str) -> int:
    parts = urlsplit(url)
    text = parse_qs(parts.query).get("db", ["0"])[0] if parts.scheme == "unix" else parts.path.strip("/") or "0"
    if not text.isdigit():
        raise bad_url(url)
    return int(text)
