"""The tiered cache: memory, then Redis, then whoever knows; one call."""

from __future__ import annotations

import asyncio
import fnmatch
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Self, TypeVar

from cutroom.cache.connection import RedisGone, RedisRefused
from cutroom.cache.entry import MISSING, Entry
from cutroom.cache.filling import Fill, Watch
from cutroom.cache.glancing import Glance
from cutroom.cache.keys import cleaned, group_of
from cutroom.cache.memory import Memory, weigh
from cutroom.cache.plan import DEFAULT, Plan
from cutroom.cache.shared import Shared
from cutroom.cache.stamps import Stamps
from cutroom.cache.stats import CacheStats, GroupStats

T = TypeVar("T")
Load = Callable[[], Awaitable[T]]

ALONE_SECONDS = 1.0
"""The most that memory answers without asking while Redis cannot be heard: others' changes are seen that late."""


class TieredCache:
    """Values by key, from memory, Redis or a loader; used from one event loop.

    Without `redis_url` it is a cache of this process. With one, all processes that share the Redis see each other's
    deletions and invalidations; while Redis is away they go on alone and are at most `ALONE_SECONDS` behind.

        async with TieredCache(redis_url="redis://127.0.0.1:6379/0") as cache:
            video = await cache.get_or_load(f"video:{id}", lambda: query(id), Plan(ttl=300, tags=(f"video:{id}",)))
            await cache.invalidate(f"video:{id}")
    """

    def __init__(
        self,
        *,
        max_bytes: int = 64 << 20,
        policy: str = "s3fifo",
        redis_url: str | None = None,
        prefix: str = "cutroom:",
        redis_seconds: float = 0.02,
        lease_seconds: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`policy`: s3fifo, lru, lfu or ttl. `redis_seconds` is how long Redis may be silent before it is left alone;
        `lease_seconds` how long other processes wait for one that loads."""
        self.memory = Memory(max_bytes, policy=policy, clock=clock)
        self.peek: Callable[..., Any] = self.memory.peek
        self.stamps = Stamps()
        self.lease_seconds = lease_seconds
        self.shared: Shared | None = None
        if redis_url is not None:
            self.shared = Shared(
                redis_url,
                prefix=prefix,
                silence=redis_seconds,
                on_invalid=self._heard,
                on_change=self._turned,
            )
        self.undecodable = 0
        self._invalidations = 0
        self._groups: dict[str, GroupStats] = {}
        self._fills: dict[str, asyncio.Task[Any]] = {}
        self._watches: dict[str, set[Watch]] = {}
        self._glance = Glance(self)

    async def __aenter__(self) -> Self:
        """Connect to Redis, if there is one; the cache works before and without that."""
        if self.shared is not None:
            await self.shared.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect, and end what is being loaded."""
        for task in list(self._fills.values()):
            task.cancel()
        await asyncio.gather(*self._fills.values(), return_exceptions=True)
        if self.shared is not None:
            await self.shared.close()

    # Reading

    async def get_or_load(self, key: str, load: Load[T], plan: Plan = DEFAULT) -> T:
        """The value from memory, from Redis, or loaded: once, however many ask. What `load` raises is not kept."""
        value = self.peek(key)
        if value is not MISSING:
            return value  # type: ignore[no-any-return]
        key = cleaned(key)
        stale = self.memory.entry(key)
        if stale is not None and stale.fresh_until > self.memory.clock():
            return self.peek(key)  # type: ignore[no-any-return]  # a key that had to be cleaned
        task = self._fills.get(key)
        shared = self.shared
        if task is None and stale is None and shared is not None and shared.usable and plan.shared:
            value = await self._glance.one(key, plan, shared)
            if value is not MISSING:
                return value  # type: ignore[no-any-return]
            task = self._fills.get(key)
        if task is None:
            task = self._begin(key, load, plan, stale)
        if stale is not None:
            self.group(key).stale += 1
            return stale.value  # type: ignore[no-any-return]
        # Shielded: whoever gives up waiting must not take the value from the others.
        return await asyncio.shield(task)

    async def get(self, key: str, plan: Plan = DEFAULT, default: Any = None) -> Any:
        """The value where memory or Redis has it, else `default`."""
        found = await self.get_many([key], plan)
        return found.get(key, default)

    async def get_many(self, keys: Sequence[str], plan: Plan = DEFAULT) -> dict[str, Any]:
        """Those of the values that memory or Redis has, in the order asked, in one exchange with Redis."""
        found = {key: self.peek(cleaned(key)) for key in keys}
        missing = {key: cleaned(key) for key, value in found.items() if value is MISSING}
        shared = self.shared
        if missing and plan.shared and shared is not None and shared.usable:
            values = await self._glance.many(list(missing.values()), plan, shared)
            if plan.tags and MISSING in values:  # perhaps only because a tag's version is not known here
                looks = [Fill(self, clean, plan).look() for clean in missing.values()]
                values = await asyncio.gather(*looks)
            found.update(zip(missing, values, strict=True))
        return {key: value for key, value in found.items() if value is not MISSING}

    async def get_or_load_many(
        self,
        keys: Sequence[str],
        load: Callable[[list[str]], Awaitable[dict[str, T]]],
        plan: Plan = DEFAULT,
    ) -> list[T | None]:
        """The values in the order of `keys`; `load` is called once, with the keys that nobody had.

        A key that `load` leaves out is `None`.
        """
        found = await self.get_many(list(dict.fromkeys(keys)), plan)
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        if missing:
            fills = {key: Fill(self, cleaned(key), plan) for key in missing}
            await asyncio.gather(*(fill.begin() for fill in fills.values()))
            try:
                loaded = await self._timed(group_of(missing[0]), lambda: load(missing))
            except BaseException:
                await asyncio.gather(*(fill.abandon() for fill in fills.values()))
                raise
            await asyncio.gather(*(fill.keep(loaded.get(key)) for key, fill in fills.items()))
            found.update(loaded)
        return [found.get(key) for key in keys]

    # Writing

    async def set(self, key: str, value: Any, plan: Plan = DEFAULT) -> None:
        """Keep a value that is known."""
        fill = Fill(self, cleaned(key), plan)
        await fill.begin(lease=False)
        await fill.keep(value)

    async def delete(self, *keys: str) -> None:
        """Forget values, everywhere; one that is being loaded now is not kept either."""
        clean = [cleaned(key) for key in keys]
        for key in clean:
            self._forget(key)
        if self.shared is not None:
            await self._quiet(self.shared.delete(clean))

    async def invalidate(self, *tags: str) -> None:
        """Forget everything that carries one of these tags, everywhere, whatever the number of values."""
        self.forget_tags(*tags)
        if self.shared is not None:
            await self._quiet(self.shared.renew(tags))

    def forget_tags(self, *tags: str) -> None:
        """`invalidate` in this process only: for who hears of changes by another way, as by the outbox."""
        self._invalidations += len(tags)
        for tag in tags:
            self.stamps.forget(tag)

    async def clear(self, pattern: str = "*") -> int:
        """Forget values whose key matches (`*`, `?`, `[…]`), everywhere; how many were found in memory or Redis."""
        mine = [key for key in self.memory.names() if fnmatch.fnmatchcase(key, pattern)]
        for key in {*mine, *(key for key in self._watches if fnmatch.fnmatchcase(key, pattern))}:
            self._forget(key)
        count = len(mine)
        if self.shared is not None and self.shared.usable:
            count = max(count, await self._quiet(self.shared.clear(pattern)) or 0)
        return count

    async def warm(self, loads: Iterable[tuple[str, Load[Any]]], plan: Plan = DEFAULT, *, at_once: int = 8) -> int:
        """Load values before anybody asks, a few at a time; how many could be loaded."""
        gate = asyncio.Semaphore(at_once)

        async def one(key: str, load: Load[Any]) -> None:
            async with gate:
                await self.get_or_load(key, load, plan)

        done = await asyncio.gather(*(one(key, load) for key, load in loads), return_exceptions=True)
        return sum(not isinstance(each, BaseException) for each in done)

    def stats(self) -> CacheStats:
        """Counters and sizes."""
        groups = dict(self._groups)
        for name, hits in self.memory.hits().items():
            groups.setdefault(name, GroupStats()).hits = hits
        shared = self.shared
        return CacheStats(
            entries=len(self.memory),
            bytes=self.memory.bytes,
            max_bytes=self.memory.max_bytes,
            evictions=self.memory.evictions,
            invalidations=self._invalidations,
            redis="none" if shared is None else "usable" if shared.usable else "unusable",
            redis_errors=shared.errors if shared else 0,
            redis_connections=shared.connections if shared else 0,
            undecodable=self.undecodable,
            groups=groups,
        )

    # For `Fill`

    def group(self, key: str) -> GroupStats:
        """The counters of a key's group."""
        name = group_of(key)
        found = self._groups.get(name)
        if found is None:
            found = self._groups[name] = GroupStats()
        return found

    def watch(self, key: str) -> Watch:
        """From now on, whether anybody changes the key; `unwatch` when done."""
        watch = Watch()
        self._watches.setdefault(key, set()).add(watch)
        return watch

    def unwatch(self, key: str, watch: Watch) -> None:
        """Nobody needs to know any more."""
        watching = self._watches.get(key)
        if watching is not None:
            watching.discard(watch)
            if not watching:
                del self._watches[key]

    def remember(self, key: str, value: Any, plan: Plan, *, fresh: float, dead: float, stamps: Any, size: int) -> None:
        """Put a value into memory for so many seconds; capped where nobody would tell of a change."""
        if plan.shared and self.shared is not None and not self.shared.usable:
            fresh = min(fresh, ALONE_SECONDS)
        now = self.memory.clock()
        size = plan.weigh(value) if plan.weigh is not None else size or weigh(value)
        until, dead_at = now + fresh, now + max(dead, fresh)
        self.memory.put(Entry(key, value, size, until, dead_at, stamps, group_of(key)))

    async def _timed(self, group: str, load: Load[T]) -> T:
        counters = self._groups.setdefault(group, GroupStats())
        counters.loads += 1
        started = time.perf_counter()
        try:
            return await load()
        except BaseException:
            counters.load_errors += 1
            raise
        finally:
            counters.load_seconds += time.perf_counter() - started

    # What happens to keys

    def _begin(self, key: str, load: Load[Any], plan: Plan, stale: Entry | None) -> asyncio.Task[Any]:
        async def run() -> Any:
            fill = Fill(self, key, plan)
            try:
                return await fill.run(lambda: self._timed(group_of(key), load))
            except Exception:
                if stale is None or stale.dead_at <= self.memory.clock() or not stale.holds():
                    raise
                return stale.value

        task = asyncio.get_running_loop().create_task(run())
        self._fills[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))
        return task

    def _ended(self, key: str, task: asyncio.Task[Any]) -> None:
        if self._fills.get(key) is task:
            del self._fills[key]
        if not task.cancelled():
            task.exception()  # who waits gets it too; with nobody waiting it is not worth a warning

    def _forget(self, key: str) -> None:
        self._invalidations += 1
        self.memory.remove(key)
        self._glance.changed(key)
        self._fills.pop(key, None)  # who asks from now on does not join a load that began before
        for watch in self._watches.get(key, ()):
            watch.changed()

    def _heard(self, kind: str, name: str) -> None:
        """Somebody else changed something, or Redis dropped it."""
        if kind == "t":
            self.forget_tags(name)
        elif kind == "v":
            self._invalidations += 1
            self.memory.remove(name)
            self._glance.changed(name)
            for watch in self._watches.get(name, ()):
                watch.changed()
        elif kind == "l":
            for watch in self._watches.get(name, ()):
                watch.lease_ended()
        elif kind == "*":
            self._turned()

    def _turned(self) -> None:
        """The connection came or went, or Redis was emptied: nothing that was learnt through it holds."""
        self.memory.clear()
        self._glance.changed_all()
        self.stamps.forget_all()
        for watching in self._watches.values():
            for watch in watching:
                watch.changed()

    async def _quiet(self, telling: Awaitable[T]) -> T | None:
        """Redis is told when it can be; until then nobody reads from it."""
        try:
            return await telling
        except (RedisGone, RedisRefused):
            return None
