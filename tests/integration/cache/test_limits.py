"""One limit for several processes, through a real Redis."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from cutroom.cache import RateLimiter
from tests.integration.cache.conftest import RedisServer


async def flood(limiters: list[RateLimiter], seconds: float) -> int:
    """How many of an endless number are let through."""
    through, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        through += sum(limiter.take("ann") == 0.0 for limiter in limiters)
        await asyncio.sleep(0.002)
    return through


async def test_two_processes_keep_one_limit(make_cache: Any) -> None:
    caches = [await make_cache() for _ in range(2)]
    limiters = [RateLimiter("t", per_second=50, burst=20, shared=cache.shared) for cache in caches]
    started = time.monotonic()
    through = await flood(limiters, 2.0)
    spent = time.monotonic() - started
    # Alone each would let 20 + 50 a second through.
    assert 20 <= through <= 20 + 50 * spent + 25
    for limiter in limiters:
        await limiter.close()


async def test_without_redis_each_keeps_it_alone(make_cache: Any, redis: RedisServer) -> None:
    cache = await make_cache()
    limiter = RateLimiter("t", per_second=50, burst=20, shared=cache.shared)
    redis.kill()
    started = time.monotonic()
    through = await flood([limiter], 0.6)
    assert 20 <= through <= 21 + 50 * (time.monotonic() - started)
    await limiter.close()
