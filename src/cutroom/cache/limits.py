"""Rate limits by key: token buckets in this process, brought into line with those of other processes through Redis."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from cutroom.cache.connection import RedisGone, RedisRefused

if TYPE_CHECKING:
    from cutroom.cache.shared import Shared

SETTLE_SECONDS = 0.1
"""How often a process tells Redis what it has let through."""
_MOST_KEYS = 50_000


class _Bucket:
    __slots__ = ("at", "tokens")

    def __init__(self, tokens: float, at: float) -> None:
        self.tokens = tokens
        self.at = at


class RateLimiter:
    """At most `per_second` of a key on average, and `burst` at once. Used from one event loop.

    `take` never waits and never asks: with `shared`, what was taken is told to Redis ten times a second, and what the
    other processes took comes back with the answer. Until they have heard of each other each may let a burst through;
    what was too much is taken off what comes next. While Redis is away each process keeps the limit by itself.
    """

    def __init__(
        self,
        name: str,
        *,
        per_second: float,
        burst: float,
        shared: Shared | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if per_second <= 0 or burst < 1:
            raise ValueError("a rate is positive, and a burst lets at least one through")
        self._name = name
        self._per_second = per_second
        self._burst = burst
        self._shared = shared
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._spent: dict[str, int] = {}  # since Redis was last told
        self._settling: asyncio.Task[None] | None = None
        self.refused = 0

    def take(self, key: str) -> float:
        """Let one through: 0, or refuse it: the seconds until one would be let through."""
        now = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self._burst, now)
            if len(self._buckets) > _MOST_KEYS:
                self._buckets.popitem(last=False)
        tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._per_second)
        bucket.at = now
        if tokens < 1:
            bucket.tokens = tokens
            self.refused += 1
            return (1 - tokens) / self._per_second
        bucket.tokens = tokens - 1
        if self._shared is not None:
            self._spent[key] = self._spent.get(key, 0) + 1
            if self._settling is None:
                self._settling = asyncio.get_running_loop().create_task(self._settle(self._shared))
        return 0.0

    async def close(self) -> None:
        """Stop telling Redis."""
        if self._settling is not None:
            self._settling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._settling

    async def _settle(self, shared: Shared) -> None:
        """While anything is taken: tell Redis what was, and learn what is left for all."""
        try:
            while self._spent:
                await asyncio.sleep(SETTLE_SECONDS)
                spent, self._spent = self._spent, {}
                left = await self._told(shared, spent)
                now = self._clock()
                for key, tokens in left.items():
                    bucket = self._buckets.get(key)
                    if bucket is not None:
                        bucket.tokens, bucket.at = min(self._burst, tokens - self._spent.get(key, 0)), now
        finally:
            self._settling = None

    async def _told(self, shared: Shared, spent: dict[str, int]) -> dict[str, float]:
        try:
            return await shared.spend(self._name, spent, per_second=self._per_second, burst=self._burst)
        except (RedisGone, RedisRefused):
            return {}  # each for itself, until Redis is back
