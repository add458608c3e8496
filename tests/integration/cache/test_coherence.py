"""Several processes' caches on one Redis: nobody is answered what somebody else has changed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from typing import Any

import pytest

from cutroom.cache import ALONE_SECONDS, Plan, TieredCache
from tests.conftest import WHOLE
from tests.integration.cache.conftest import RedisServer
from tests.integration.cache.test_tiers import Source

LONG = Plan(ttl=600, jitter=0)
FILLS = int(os.environ.get("CUTROOM_TEST_FILLS", "4000"))
MANY = 100_000 if WHOLE else 10_000


async def until(holds: Any, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


async def test_a_change_in_one_process_is_seen_in_the_other(make_cache: Any) -> None:
    one, two = await make_cache(), await make_cache()
    source = Source(1)
    assert await one.get_or_load("k", source, LONG) == 1
    assert await two.get_or_load("k", source, LONG) == 1
    assert source.asked == 1
    source.value = 2
    await one.delete("k")
    await until(lambda: two.peek("k", "gone") == "gone")
    assert await two.get_or_load("k", source, LONG) == 2
    assert await one.get_or_load("k", source, LONG) == 2
    await two.set("k", 3, LONG)
    await until(lambda: one.peek("k", "gone") == "gone")
    assert await one.get("k", LONG) == 3


async def test_who_stored_a_value_hears_of_its_change_too(make_cache: Any) -> None:
    one, two = await make_cache(), await make_cache()
    await one.set("k", 1, LONG)
    assert one.peek("k") == 1
    await two.delete("k")
    await until(lambda: one.peek("k", "gone") == "gone")


async def test_a_tag_of_one_process_reaches_every_value_of_another(make_cache: Any) -> None:
    one, two = await make_cache(max_bytes=1 << 30), await make_cache()
    plan = Plan(ttl=600, tags=("all",), shared=False)
    for number in range(MANY):
        await one.get_or_load(f"k{number}", Source(number), plan)
    assert one.peek(f"k{MANY - 1}") == MANY - 1
    await two.invalidate("all")
    await until(lambda: one.peek("k0", "gone") == "gone")
    assert one.peek(f"k{MANY - 1}", "gone") == "gone"


async def test_two_processes_load_once(make_cache: Any) -> None:
    caches = [await make_cache() for _ in range(4)]
    source = Source()
    source.gate = asyncio.Event()
    waiting = [asyncio.ensure_future(cache.get_or_load("k", source, LONG)) for cache in caches for _ in range(5)]
    await asyncio.sleep(0.1)
    assert source.asked == 1
    source.gate.set()
    assert await asyncio.gather(*waiting) == ["v"] * 20
    assert source.asked == 1


async def test_when_the_one_who_loads_gives_up_another_does(make_cache: Any) -> None:
    one, two = await make_cache(), await make_cache()
    bad, good = Source(), Source("good")
    bad.error, bad.gate = OSError("away"), asyncio.Event()
    first = asyncio.ensure_future(one.get_or_load("k", bad, LONG))
    await asyncio.sleep(0.05)
    second = asyncio.ensure_future(two.get_or_load("k", good, LONG))
    await asyncio.sleep(0.05)
    assert good.asked == 0
    bad.gate.set()
    with pytest.raises(OSError, match="away"):
        await first
    assert await asyncio.wait_for(second, 1) == "good"


async def test_when_the_process_that_loads_dies_its_lease_ends(make_cache: Any) -> None:
    one, two = await make_cache(lease_seconds=0.3), await make_cache(lease_seconds=0.3)
    stuck, good = Source(), Source("good")
    stuck.gate = asyncio.Event()
    first = asyncio.ensure_future(one.get_or_load("k", stuck, LONG))
    await asyncio.sleep(0.05)
    assert one.shared is not None
    assert await asyncio.wait_for(two.get_or_load("k", good, LONG), 2) == "good"
    stuck.value = "late"
    stuck.gate.set()
    await first
    assert await two.get_or_load("k", good, LONG) == "good"  # who comes late stores nothing


async def raced(caches: list[TieredCache], fills: int) -> tuple[int, int]:
    """Reads overlapping writes of the same few keys; how many fills, and how many stale answers once all is quiet."""
    truth = dict.fromkeys((f"k{number}" for number in range(20)), 0)
    chance, count, stale = random.Random(3), 0, 0
    plan, tagged = Plan(ttl=600, jitter=0), {key: Plan(ttl=600, jitter=0, tags=(key, "all")) for key in truth}

    async def load(key: str) -> int:
        nonlocal count
        count += 1
        value = truth[key]
        if chance.random() < 0.3:
            await asyncio.sleep(0)
        return value

    async def read(key: str, cache: TieredCache) -> int:
        even = int(key[1:]) % 2 == 0
        return await cache.get_or_load(key, lambda: load(key), plan if even else tagged[key])

    while count < fills:
        reads = [read(chance.choice(list(truth)), chance.choice(caches)) for _ in range(30)]
        changed = chance.sample(list(truth), 6)

        async def write(key: str) -> None:
            if chance.random() < 0.5:
                await asyncio.sleep(0)
            truth[key] += 1
            cache = chance.choice(caches)
            await (cache.delete(key) if int(key[1:]) % 2 == 0 else cache.invalidate(key))

        await asyncio.gather(*reads, *(write(key) for key in changed))
        if chance.random() < 0.05:
            await asyncio.sleep(0.01)  # pushes on their way arrive
            for key, value in truth.items():
                for cache in caches:
                    stale += await read(key, cache) != value
    return count, stale


async def test_no_raced_fill_leaves_a_stale_value(make_cache: Any) -> None:
    caches = [await make_cache() for _ in range(3)]
    count, stale = await raced(caches, FILLS)
    assert count >= FILLS
    assert stale == 0


async def test_redis_dies_and_comes_back(make_cache: Any, redis: RedisServer) -> None:
    one, two = await make_cache(), await make_cache()
    source = Source(1)
    await one.get_or_load("k", source, LONG)
    await two.get_or_load("k", source, LONG)
    redis.kill()
    await until(lambda: one.stats().redis == two.stats().redis == "unusable")
    assert one.peek("k", "gone") == "gone"  # nobody would tell of a change
    source.value = 2
    assert await one.get_or_load("k", source, LONG) == 2
    assert one.peek("k") == 2
    await asyncio.sleep(ALONE_SECONDS + 0.05)
    assert one.peek("k", "gone") == "gone"
    redis.start()
    await until(lambda: one.stats().redis == two.stats().redis == "usable", 10)
    assert await one.get_or_load("k", source, LONG) == 2
    asked = source.asked
    assert await two.get_or_load("k", source, LONG) == 2
    assert source.asked == asked


async def test_what_was_invalidated_while_redis_was_away_is_not_answered_when_it_is_back(
    make_cache: Any, redis: RedisServer
) -> None:
    one, two = await make_cache(redis_seconds=0.1), await make_cache(redis_seconds=0.1)
    keyed, tagged, plan = Source(1), Source(1), Plan(ttl=600, tags=("t",))
    await one.get_or_load("k", keyed, LONG)
    await one.get_or_load("t", tagged, plan)
    redis.signal(signal.SIGSTOP)
    keyed.value = tagged.value = 2
    await one.delete("k")
    await one.invalidate("t")
    assert one.stats().redis == "unusable"
    redis.signal(signal.SIGCONT)
    await until(lambda: one.stats().redis == two.stats().redis == "usable", 10)
    for cache in (two, one):
        assert await cache.get_or_load("k", keyed, LONG) == 2
        assert await cache.get_or_load("t", tagged, plan) == 2


async def test_a_hung_redis_costs_one_time_out_and_then_nothing(make_cache: Any, redis: RedisServer) -> None:
    cache = await make_cache(redis_seconds=0.02)
    redis.signal(signal.SIGSTOP)
    started = time.perf_counter()
    assert await cache.get_or_load("a", Source(1), LONG) == 1
    first = time.perf_counter() - started
    started = time.perf_counter()
    for number in range(50):
        assert await cache.get_or_load(f"b{number}", Source(number), LONG) == number
    rest = time.perf_counter() - started
    redis.signal(signal.SIGCONT)
    assert first < 1.0
    assert rest < 50 * 0.02, "each request waited for Redis"


async def test_a_flushed_redis_empties_memory_too(make_cache: Any, redis: RedisServer) -> None:
    cache, source = await make_cache(), Source(1)
    await cache.get_or_load("k", source, LONG)
    redis.command("FLUSHALL")
    await until(lambda: cache.peek("k", "gone") == "gone")
    source.value = 2
    assert await cache.get_or_load("k", source, LONG) == 2


async def test_an_evicted_tag_does_not_bring_old_values_back(make_cache: Any, redis: RedisServer) -> None:
    one, two = await make_cache(), await make_cache()
    source, plan = Source(1), Plan(ttl=600, tags=("t",))
    await one.get_or_load("k", source, plan)
    await one.invalidate("t")
    source.value = 2
    redis.command("DEL", "cutroom:t:t")
    assert await two.get_or_load("k", source, plan) == 2
    assert await one.get_or_load("k", source, plan) == 2


async def test_foreign_and_old_bytes_in_redis_are_loaded_again(make_cache: Any, redis: RedisServer) -> None:
    cache, source = await make_cache(), Source(1)
    for junk in ("junk", "", "\x01", "\x80\x04K\x01."):
        redis.command("SET", "cutroom:v:k", junk)
        cache.memory.clear()
        source.asked = 0
        assert await cache.get_or_load("k", source, LONG) == 1
        assert source.asked == 1
        await cache.delete("k")
    assert cache.stats().undecodable == 4


async def test_no_redis_at_the_start(redis: RedisServer) -> None:
    redis.kill()
    async with TieredCache(redis_url=redis.url) as cache:
        assert await cache.get_or_load("k", Source(1), LONG) == 1
        assert cache.stats().redis == "unusable"
        redis.start()
        await until(lambda: cache.stats().redis == "usable", 10)
