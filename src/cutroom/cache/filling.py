"""How one value gets into the cache, so that whatever is invalidated meanwhile stays invalid.

The tags' versions are taken before the value is loaded; who loads holds a lease in Redis that a deletion takes away;
and what arrives from Redis goes into memory only if no push about it came in between.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from cutroom.cache.codec import Head, Undecodable, decode_value, encode_value, pack, unpack
from cutroom.cache.connection import RedisGone, RedisRefused
from cutroom.cache.entry import MISSING, Stamp
from cutroom.cache.plan import Plan

if TYPE_CHECKING:
    from cutroom.cache.shared import Shared
    from cutroom.cache.tiered import TieredCache

Stamped = tuple[tuple[Stamp, object], ...]


class Watch:
    """Whether a key was changed while somebody was at work on it."""

    __slots__ = ("dirty", "woken")

    def __init__(self) -> None:
        self.dirty = False
        self.woken: asyncio.Event | None = None  # for who waits for another process's load

    def changed(self) -> None:
        """The value was replaced, deleted or dropped."""
        self.dirty = True
        self.lease_ended()

    def lease_ended(self) -> None:
        """Nobody loads it any more."""
        if self.woken is not None:
            self.woken.set()


class Fill:
    """One attempt to have a value: look in Redis, load, keep."""

    def __init__(self, cache: TieredCache, key: str, plan: Plan) -> None:
        self._cache = cache
        self._key = key
        self._plan = plan
        self._stamps: Stamped = ()
        self._token: str | None = None
        self._watch: Watch | None = None
        self._stale: Any = MISSING  # of Redis: past its time, yet better than nothing

    async def run(self, load: Callable[[], Awaitable[Any]]) -> Any:
        """The value from Redis, or loaded and kept."""
        try:
            value = await self._from_redis_or_lease()
            if value is not MISSING:
                return value
            try:
                value = await load()
            except Exception:
                await self.abandon()
                if self._stale is MISSING:
                    raise
                self._cache.group(self._key).stale += 1
                return self._stale
            await self.keep(value)
            return value
        finally:
            self._end()

    async def look(self) -> Any:
        """The value where Redis has it, else MISSING."""
        shared = self._usable()
        if shared is None:
            return MISSING
        self._watch = self._cache.watch(self._key)
        try:
            value, fresh = await self._read(shared)
            return value if fresh else MISSING
        except (RedisGone, RedisRefused):
            return MISSING
        finally:
            self._end()

    async def begin(self, *, lease: bool = True) -> None:
        """Before a load: take the tags' versions, and the lease where nobody has it."""
        self._watch = self._cache.watch(self._key)
        shared = self._usable()
        if shared is not None:
            try:
                await self._take_stamps(shared)
                self._token = await shared.lease(self._key, self._lease_ms()) if lease else ""
                return
            except (RedisGone, RedisRefused):
                self._token = None
        await self._take_stamps_alone()

    async def abandon(self) -> None:
        """The load failed: somebody else may try."""
        token, shared = self._token, self._usable()
        self._token = None
        if token and shared is not None:
            await self._tried(shared.release(self._key, token))
        self._end()

    async def keep(self, value: Any) -> None:
        """After a load: keep the value, unless it was invalidated meanwhile."""
        seconds = self._plan.seconds(value)
        if seconds <= 0:
            await self.abandon()
            return
        shared, size = self._usable(), 0
        if shared is not None:
            if self._token is None or not all(isinstance(version, bytes) for _, version in self._stamps):
                await self.abandon()
                return  # somebody else loads it too, and keeps it; or it was invalidated before it was there
            packed, size = self._packed(value, seconds)
            milliseconds = int((seconds + self._plan.stale) * 1000)
            stored = shared.store(self._key, packed, milliseconds=milliseconds, token=self._token)
            if not await self._tried(stored):
                self._end()
                return
        if self._watch is None or not self._watch.dirty:
            self._remember(value, seconds, seconds + self._plan.stale, self._stamps, size)
        self._end()

    # With Redis

    async def _from_redis_or_lease(self) -> Any:
        """The value, or MISSING when it is ours to load."""
        shared = self._usable()
        while shared is not None:
            self._end()
            self._watch = self._cache.watch(self._key)
            try:
                value, fresh = await self._read(shared)
                if fresh:
                    return value
                self._stale = value
                self._token = await shared.lease(self._key, self._lease_ms())
                if self._token is not None:
                    return MISSING
                if self._stale is not MISSING:
                    self._cache.group(self._key).stale += 1
                    return self._stale
                await self._wait(shared)
            except (RedisGone, RedisRefused):
                break
            shared = self._usable()
        self._end()
        self._watch = self._cache.watch(self._key)
        self._token = None
        await self._take_stamps_alone()
        return MISSING

    async def _take_stamps_alone(self) -> None:
        """Of a value that stays in this process; with Redis there, others' invalidations of its tags reach it too."""
        shared = self._cache.shared
        if self._plan.tags and shared is not None and shared.usable:
            try:
                await self._take_stamps(shared)
                return
            except (RedisGone, RedisRefused):
                pass
        self._stamps = self._cache.stamps.local(self._plan.tags)

    async def _read(self, shared: Shared) -> tuple[Any, bool]:
        """The value and whether it is fresh; a stale one may still be answered. Fresh ones go into memory."""
        asked = shared.get(self._key)
        await self._take_stamps(shared)
        data = await asked
        if data is None:
            return MISSING, False
        try:
            head, body = unpack(data)
            stamps = await self._stamps_of(shared, head)
            if stamps is None:
                return MISSING, False
            value = decode_value(body, self._plan.type)
        except Undecodable:
            self._cache.undecodable += 1
            return MISSING, False
        now = time.time()
        if head.fresh_until <= now:
            return (value, False) if head.dead_at > now else (MISSING, False)
        self._cache.group(self._key).shared_hits += 1
        if self._watch is not None and not self._watch.dirty:
            self._remember(value, head.fresh_until - now, head.dead_at - now, stamps, len(body))
        return value, True

    async def _take_stamps(self, shared: Shared) -> None:
        held = [self._cache.stamps.of(tag) for tag in self._plan.tags]
        await self._learn(shared, held)
        # Where it was invalidated again while we asked, no version is known, and what is loaded now will not hold.
        self._stamps = tuple((stamp, stamp.version or object()) for stamp in held)

    async def _stamps_of(self, shared: Shared, head: Head) -> Stamped | None:
        """The entry's own tags, or None when one of them was invalidated since."""
        held = {tag: self._cache.stamps.of(tag) for tag in head.tags}
        await self._learn(shared, held.values())
        if any(held[tag].version != version for tag, version in head.tags.items()):
            return None
        return tuple((stamp, stamp.version) for stamp in held.values())

    async def _learn(self, shared: Shared, held: Iterable[Stamp]) -> None:
        unknown = [(stamp, stamp.changes) for stamp in held if not isinstance(stamp.version, bytes)]
        if unknown:
            versions = await asyncio.gather(*(shared.version(stamp.tag) for stamp, _ in unknown))
            for (stamp, asked_at), version in zip(unknown, versions, strict=True):
                self._cache.stamps.learn(stamp, version, asked_at=asked_at)

    async def _wait(self, shared: Shared) -> None:
        """Until somebody else has loaded it, or has given up."""
        watch = self._watch
        if watch is None:
            return
        watch.woken = asyncio.Event()
        if watch.dirty or not await shared.leased(self._key):
            return
        try:
            async with asyncio.timeout(self._cache.lease_seconds):
                await watch.woken.wait()
        except TimeoutError:
            return

    async def _tried(self, telling: Awaitable[Any]) -> Any:
        try:
            return await telling
        except (RedisGone, RedisRefused):
            return None

    def _packed(self, value: Any, seconds: float) -> tuple[bytes, int]:
        body, now = encode_value(value), time.time()
        tags = {stamp.tag: cast(bytes, version) for stamp, version in self._stamps}
        dead_at = now + seconds + self._plan.stale
        return pack(body, fresh_until=now + seconds, dead_at=dead_at, tags=tags), len(body)

    def _remember(self, value: Any, fresh: float, dead: float, stamps: Stamped, size: int) -> None:
        self._cache.remember(self._key, value, self._plan, fresh=fresh, dead=dead, stamps=stamps, size=size)

    def _usable(self) -> Shared | None:
        shared = self._cache.shared
        return shared if self._plan.shared and shared is not None and shared.usable else None

    def _lease_ms(self) -> int:
        return int(self._cache.lease_seconds * 1000)

    def _end(self) -> None:
        if self._watch is not None:
            self._cache.unwatch(self._key, self._watch)
            self._watch = None
