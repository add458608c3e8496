"""The tiered cache against the libraries that one would take instead: cost of a hit, hit ratios, staleness.

Costs are CPU of this process, each contender in turn. Redis is one of our own, empty and on loopback.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from bench import servers, traces
from bench.harness import Claim
from cutroom.cache import Plan, TieredCache

Say = Callable[[str], None]
AT_ONCE = 64
KEYS = 2048
FILLS = 20_000


class Row(msgspec.Struct):
    """A value of ordinary size."""

    id: str
    name: str
    size: int
    tags: list[str]


ROWS = {f"row:{number}": Row(f"vid_{number}", f"take {number}.mp4", number, ["a", "b"]) for number in range(KEYS)}


def claims(*, rounds: int, say: Say) -> list[Claim]:
    """Everything that is claimed of the cache."""
    with servers.redis() as url:
        found = asyncio.run(_with_redis(url, rounds, say))
    return [*asyncio.run(_memory(rounds, say)), *found, *_ratios(say)]


# A hit in memory


async def _memory(rounds: int, say: Say) -> list[Claim]:
    import cachetools

    plain: cachetools.TTLCache[str, int] = cachetools.TTLCache(1000, 600)
    plain["k"] = 1
    cashews, aiocache = await _cashews("mem://"), _aiocache_memory()
    await cashews.set("k", 1, expire=600)
    await aiocache.set("k", 1)
    async with TieredCache() as cache:
        await cache.set("k", 1, Plan(ttl=600))
        await cache.set("t", 1, Plan(ttl=600, tags=("a", "b", "c")))
        peek, get = cache.peek, plain.get
        costs: dict[str, list[float]] = {}
        for number in range(1, rounds + 1):
            one = {
                "untagged": _each(lambda: peek("k"), 200_000),
                "with three tags": _each(lambda: peek("t"), 200_000),
                "cachetools TTLCache": _each(lambda: get("k"), 100_000),
                "cashews": await _each_awaited(lambda: cashews.get("k"), 5_000),
                "aiocache": await _each_awaited(lambda: aiocache.get("k"), 5_000),
            }
            for name, cost in one.items():
                costs.setdefault(name, []).append(cost * 1e9)
            shown = {name: round(cost * 1e9) for name, cost in one.items()}
            say(f"round {number}/{rounds}  memory hit, ns: {shown}")
    peers = ", ".join(f"{name} {statistics.median(costs[name]):.0f} ns" for name in list(costs)[2:])
    return [
        _under("hit in memory, untagged", costs["untagged"], "ns (cpu)", 150, peers),
        _under("hit in memory, with three tags", costs["with three tags"], "ns (cpu)", 300, peers),
    ]


def _each(once: Callable[[], object], count: int) -> float:
    started = time.process_time()
    for _ in range(count):
        once()
    return (time.process_time() - started) / count


async def _each_awaited(once: Callable[[], Awaitable[object]], count: int) -> float:
    started = time.process_time()
    for _ in range(count):
        await once()
    return (time.process_time() - started) / count


# A hit in Redis, coherence, tags


async def _with_redis(url: str, rounds: int, say: Say) -> list[Claim]:
    async with TieredCache(redis_url=url, prefix="one:", redis_seconds=2.0) as cache:
        found = await _redis_hits(cache, url, rounds, say)
    found.append(await _tags(url, rounds, say))
    found.append(await _raced(url, say))
    return found


async def _redis_hits(cache: TieredCache, url: str, rounds: int, say: Say) -> list[Claim]:
    plan = Plan(ttl=600, type=Row)
    cashews, aiocache, dogpile = await _cashews(url), _aiocache_redis(url), _dogpile(url)
    for key, row in ROWS.items():
        await cache.set(key, row, plan)
        await cashews.set(key, msgspec.to_builtins(row), expire=600)
        await aiocache.set(key, msgspec.to_builtins(row))
        dogpile.set(key, msgspec.to_builtins(row))
    shared = cache.shared
    assert shared is not None

    async def never() -> Row:
        raise RuntimeError("it should have been in Redis")

    async def ours(key: str) -> Row:
        return await cache.get_or_load(key, never, plan)

    contenders: dict[str, Callable[[str], Awaitable[object]]] = {
        "GET": shared.get,
        "get_or_load": ours,
        "cashews": cashews.get,
        "aiocache": aiocache.get,
    }
    costs: dict[str, list[float]] = {}
    for number in range(1, rounds + 1):
        for name, ask in contenders.items():
            cache.memory.clear()
            costs.setdefault(name, []).append(await _many(ask) * 1e6)
        costs.setdefault("dogpile (one after another)", []).append(_each(lambda: dogpile.get("row:1"), KEYS // 2) * 1e6)
        say(
            f"round {number}/{rounds}  from Redis, µs: { ({name: round(runs[-1], 1) for name, runs in costs.items()}) }"
        )
    peers = ", ".join(f"{name} {statistics.median(runs):.1f} µs" for name, runs in list(costs.items())[2:])
    return [
        _under(f"a GET at {AT_ONCE}-way", costs["GET"], "µs (cpu)", 5, peers),
        _under(
            f"get_or_load from Redis at {AT_ONCE}-way, decoded and kept", costs["get_or_load"], "µs (cpu)", 5, peers
        ),
    ]


async def _many(ask: Callable[[str], Awaitable[object]]) -> float:
    keys = list(ROWS)
    started = time.process_time()
    for begin in range(0, KEYS, AT_ONCE):
        await asyncio.gather(*(ask(key) for key in keys[begin : begin + AT_ONCE]))
    return (time.process_time() - started) / KEYS


async def _tags(url: str, rounds: int, say: Say) -> Claim:
    """From an invalidation in one process to the last of 100,000 values gone in another."""
    runs = []
    async with (
        TieredCache(redis_url=url, prefix="tags:", max_bytes=1 << 30, redis_seconds=2.0) as one,
        TieredCache(redis_url=url, prefix="tags:", redis_seconds=2.0) as two,
    ):
        plan = Plan(ttl=600, tags=("all",), shared=False)
        for number in range(1, rounds + 1):
            for key in range(100_000):
                await one.set(f"k{key}", key, plan)
            assert one.peek("k99999") == 99_999
            started = time.perf_counter()
            await two.invalidate("all")
            while one.peek("k0", None) is not None:  # noqa: ASYNC110 (nobody would set an event)
                await asyncio.sleep(0)
            runs.append((time.perf_counter() - started) * 1000)
            assert one.peek("k99999", None) is None
            say(f"round {number}/{rounds}  tag of 100,000 values: {runs[-1]:.2f} ms")
    return _under("a tag of 100,000 values, across processes", runs, "ms", 1, "")


async def _raced(url: str, say: Say) -> Claim:
    """Reads that overlap writes of the same keys; then whether anybody still answers what was replaced."""
    caches = [TieredCache(redis_url=url, prefix="raced:", redis_seconds=2.0) for _ in range(3)]
    truth = dict.fromkeys((f"k{number}" for number in range(20)), 0)
    chance, fills, stale, plan = random.Random(3), 0, 0, Plan(ttl=600)

    async def load(key: str) -> int:
        nonlocal fills
        fills += 1
        value = truth[key]
        await asyncio.sleep(0)
        return value

    async def write(key: str) -> None:
        truth[key] += 1
        await chance.choice(caches).delete(key)

    for cache in caches:
        await cache.__aenter__()
    while fills < FILLS:
        reads = [
            cache.get_or_load(key, lambda key=key: load(key), plan)  # type: ignore[misc]
            for key, cache in ((chance.choice(list(truth)), chance.choice(caches)) for _ in range(30))
        ]
        await asyncio.gather(*reads, *(write(key) for key in chance.sample(list(truth), 6)))
        if chance.random() < 0.05:
            await asyncio.sleep(0.01)
            for key, value in truth.items():
                stale += sum([cache.peek(key, value) != value for cache in caches])
    for cache in caches:
        await cache.__aexit__()
    say(f"{fills} raced fills, {stale} stale")
    return _under(f"stale answers after {fills} raced fills", [float(stale)], "answers", 0, "")


# Hit ratios


def _ratios(say: Say) -> list[Claim]:
    found = []
    for name, make in traces.TRACES.items():
        trace = make()
        for share in (0.01, 0.1):
            capacity = int(traces.KEYS * share)
            mine = traces.of_cutroom(trace, capacity, "s3fifo") * 100
            others = {
                "SIEVE": traces.of_sieve(trace, capacity) * 100,
                "LRU": traces.of_lru(trace, capacity) * 100,
                "W-TinyLFU": traces.of_tinylfu(trace, capacity) * 100,
            }
            best = max(mine, *others.values())
            peers = ", ".join(f"{peer} {ratio:.1f} %" for peer, ratio in others.items())
            say(f"{name}, room for {share:.0%}: {mine:.1f} %; {peers}")
            claim = _under(f"hit ratio below the best: {name}, room for {share:.0%}", [best - mine], "points", 1, peers)
            found.append(claim)
    return found


def _under(name: str, runs: list[float], unit: str, target: float, peer: str) -> Claim:
    value = statistics.median(runs)
    return Claim(
        name=name,
        value=round(value, 2),
        unit=unit,
        target=f"<= {target}",
        held=value <= target,
        runs=[round(run, 2) for run in runs],
        peer=peer,
    )


# The peers


async def _cashews(url: str) -> Any:
    from cashews import Cache

    cache = Cache()
    cache.setup(url)
    await cache.init()
    return cache


def _aiocache_memory() -> Any:
    from aiocache import Cache

    return Cache(Cache.MEMORY)


def _aiocache_redis(url: str) -> Any:
    from aiocache import Cache
    from aiocache.serializers import JsonSerializer

    port = int(url.rpartition(":")[2].split("/")[0])
    return Cache(Cache.REDIS, endpoint="127.0.0.1", port=port, namespace="aio", serializer=JsonSerializer())


def _dogpile(url: str) -> Any:
    from dogpile.cache import make_region

    return make_region().configure("dogpile.cache.redis", arguments={"url": url})
