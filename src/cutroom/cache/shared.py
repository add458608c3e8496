"""The Redis layer: its connection, the breaker around it, and the few commands the cache needs.

Keys, under the cache's prefix: `v:KEY` a value, `l:KEY` the lease of who loads it, `t:TAG` a tag's version. A value is
stored only by who still holds the lease, so that a deletion or invalidation during a load wins.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from cutroom.cache.connection import Connection, RedisGone, RedisRefused, connect
from cutroom.cache.errors import no_hiredis

HEARTBEAT_SECONDS = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_TAG_MS = 30 * 86_400_000
_MOST_MISSED = 10_000
_STORE = b"""
if ARGV[1] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
return 1
"""
_RELEASE = b"if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

_SPEND = b"""
local time = redis.call('TIME')
local now, rate, burst = time[1] + time[2] / 1000000, tonumber(ARGV[1]), tonumber(ARGV[2])
local left = {}
for i, key in ipairs(KEYS) do
  local tokens, at = unpack(redis.call('HMGET', key, 'tokens', 'at'))
  local had = tokens and math.min(burst, tonumber(tokens) + (now - tonumber(at)) * rate) or burst
  left[i] = string.format('%.6f', math.max(-burst, had - tonumber(ARGV[i + 2])))
  redis.call('HSET', key, 'tokens', left[i], 'at', string.format('%.6f', now))
  redis.call('PEXPIRE', key, math.ceil(2000 * burst / rate) + 1000)
end
return left
"""


class Shared:
    """Redis as this process sees it: `usable` or not, and never in the way for longer than one time-out."""

    def __init__(
        self,
        url: str,
        *,
        prefix: str,
        silence: float,
        on_invalid: Callable[[str, str], None],
        on_change: Callable[[], None],
    ) -> None:
        """`on_invalid(kind, name)` is called for each key somebody else changed, `on_change` when `usable` changes.

        Raises `cache.no-client`.
        """
        try:
            import hiredis  # noqa: F401 (only to see whether it is there)
        except ImportError as error:
            raise no_hiredis() from error
        self.usable = False
        self.errors = 0
        self.connections = 0
        self._url = url
        self._prefix = prefix
        self._silence = silence
        self._on_invalid = on_invalid
        self._on_change = on_change
        self._connection: Connection | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._lost = asyncio.Event()
        self._missed: set[tuple[str, str]] = set()  # invalidations that Redis has not heard of
        self._missed_too_many = False

    async def start(self) -> None:
        """Connect and stay connected; returns after the first try. Raises `cache.bad-url`."""
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._keep(first))
        await first

    async def close(self) -> None:
        """Disconnect."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._connection is not None:
            self._connection.close()

    # Commands. They raise RedisGone or RedisRefused.

    def get(self, key: str) -> asyncio.Future[bytes | None]:
        """A value as it was packed; from now on a change of it is pushed."""
        return self._send("GET", f"{self._prefix}v:{key}")

    def version(self, tag: str) -> asyncio.Future[bytes]:
        """A tag's version, made now if there is none; from now on a change of it is pushed."""
        name = f"{self._prefix}t:{tag}"
        # Never absent while an entry carries it: a version that Redis evicted must not come back as "none".
        made = self._send("SET", name, secrets.token_bytes(12), "NX", "PX", _TAG_MS)
        made.add_done_callback(_seen)
        return self._send("GET", name)

    async def lease(self, key: str, milliseconds: int) -> str | None:
        """The right to load a value; None while somebody else has it."""
        token = secrets.token_hex(12)
        taken = await self._send("SET", f"{self._prefix}l:{key}", token, "NX", "PX", milliseconds)
        return token if taken is not None else None

    async def leased(self, key: str) -> bool:
        """Whether somebody loads it; from now on the end of that is pushed."""
        return await self._send("GET", f"{self._prefix}l:{key}") is not None

    async def release(self, key: str, token: str) -> None:
        """Let somebody else load it."""
        await self._send("EVAL", _RELEASE, 1, f"{self._prefix}l:{key}", token)

    async def store(self, key: str, packed: bytes, *, milliseconds: int, token: str = "") -> bool:
        """Keep a value, with a token only if that lease is still held; a change of it is pushed from then on."""
        value, lease = f"{self._prefix}v:{key}", f"{self._prefix}l:{key}"
        self._quietly("MULTI")
        self._quietly("EVAL", _STORE, 2, value, lease, token, packed, max(1, milliseconds))
        self._quietly("PTTL", value)  # a read of ours, in the same moment: it is what makes Redis tell us of a change
        done = await self._send("EXEC")
        stored, left = done
        return bool(stored) and int(left) > 0

    async def spend(self, name: str, spent: dict[str, int], *, per_second: float, burst: float) -> dict[str, float]:
        """Take from the token buckets `NAME` of some keys; what is left of each, less than 0 where too much was."""
        names = [f"{self._prefix}r:{name}:{key}" for key in spent]
        amounts = [str(one) for one in spent.values()]
        left = await self._send("EVAL", _SPEND, len(names), *names, str(per_second), str(burst), *amounts)
        return {key: float(one) for key, one in zip(spent, left, strict=True)}

    def delete(self, keys: Iterable[str]) -> Awaitable[None]:
        """Forget values, and let nobody store one whose load has begun."""
        return self._tell({("v", key) for key in keys})

    def renew(self, tags: Iterable[str]) -> Awaitable[None]:
        """Give tags new versions."""
        return self._tell({("t", tag) for tag in tags})

    async def clear(self, pattern: str) -> int:
        """Forget all values whose key matches (Redis glob) under the cache's prefix; how many."""
        cursor, count = b"0", 0
        while True:
            reply = await self._send("SCAN", cursor, "MATCH", f"{_literal(self._prefix)}v:{pattern}", "COUNT", 1000)
            cursor, found = reply
            if found:
                begin = len(self._prefix) + 2
                await self._tell({("v", one[begin:].decode("utf-8", "replace")) for one in found})
                count += len(found)
            if cursor == b"0":
                return count

    # The connection's life

    def _send(self, *words: bytes | str | int) -> asyncio.Future[Any]:
        if self._connection is None:
            future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            future.set_exception(RedisGone())
            return future
        return self._connection.send(*words)

    def _quietly(self, *words: bytes | str | int) -> None:
        self._send(*words).add_done_callback(_seen)

    async def _tell(self, changes: set[tuple[str, str]]) -> None:
        """Carry out invalidations; what Redis does not confirm is told again before it is used the next time."""
        try:
            await asyncio.gather(*(self._change(kind, name) for kind, name in changes))
        except (RedisGone, RedisRefused):
            self._missed |= changes
            if len(self._missed) > _MOST_MISSED:
                self._missed.clear()
                self._missed_too_many = True
            raise

    def _change(self, kind: str, name: str) -> asyncio.Future[Any]:
        if kind == "t":
            return self._send("SET", f"{self._prefix}t:{name}", secrets.token_bytes(12), "PX", _TAG_MS)
        return self._send("DEL", f"{self._prefix}v:{name}", f"{self._prefix}l:{name}")

    def _pushed(self, push: list[Any]) -> None:
        if push[0] != b"invalidate":
            return
        if push[1] is None:  # FLUSHALL
            self._on_invalid("*", "")
            return
        for raw in push[1]:
            name = raw.decode("utf-8", "replace")
            if name.startswith(self._prefix):
                kind, _, rest = name[len(self._prefix) :].partition(":")
                self._on_invalid(kind, rest)

    def _gone(self) -> None:
        self._connection = None
        self._lost.set()
        if self.usable:
            self.usable = False
            self.errors += 1
            self._on_change()

    async def _keep(self, first: asyncio.Future[None]) -> None:
        pause = _FIRST_PAUSE
        while True:
            self._lost.clear()
            try:
                self._connection = await connect(
                    self._url, silence=self._silence, on_push=self._pushed, on_lost=self._gone
                )
                await self._tell_missed()
                self.connections += 1
                self.usable = True
                self._on_change()
                pause = _FIRST_PAUSE
                _settle(first)
                await self._beat()
            except (RedisGone, RedisRefused, TimeoutError):
                self.errors += 1
                if self._connection is not None:
                    self._connection.close()
                _settle(first)
            except Exception as error:  # a wrong setting: whoever started it gets it told
                if first.done():
                    raise
                first.set_exception(error)
                return
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 (not a secret)
            pause = min(_LONGEST_PAUSE, pause * 2)

    async def _beat(self) -> None:
        """Until the connection is lost, which it also is when Redis says nothing for a time-out."""
        while self._connection is not None:
            self._quietly("PING")
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._lost.wait()
            except TimeoutError:
                continue

    async def _tell_missed(self) -> None:
        if self._missed_too_many:
            await self.clear("*")
            self._missed_too_many = False
        missed, self._missed = self._missed, set()
        if missed:
            await self._tell(missed)


def _seen(future: asyncio.Future[Any]) -> None:
    """Nobody awaits this reply; its error shows in the next one."""
    if not future.cancelled():
        future.exception()


def _settle(first: asyncio.Future[None]) -> None:
    if not first.done():
        first.set_result(None)


def _literal(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "*?[]\\" else letter for letter in text)
