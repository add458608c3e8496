"""The same promises without Redis and with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest

from cutroom.cache import Plan, QueryCache, TieredCache, cached
from tests.integration.cache.conftest import RedisServer

LONG = Plan(ttl=60)


class Row(msgspec.Struct):
    id: str
    size: int


class Source:
    """What is cached: counts how often it is asked."""

    def __init__(self, value: Any = "v") -> None:
        self.value = value
        self.asked = 0
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def __call__(self) -> Any:
        self.asked += 1
        value = self.value
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return value


@pytest.fixture(params=["alone", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[TieredCache]:
    url = None
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis")
        url = server.url
    async with TieredCache(redis_url=url, redis_seconds=0.5) as made:
        assert made.stats().redis == ("none" if url is None else "usable")
        yield made


@pytest.mark.parametrize("value", [None, [], 0, "", {}, "text", [1, 2.5, None, {"a": b"b"}]])
async def test_whatever_was_loaded_is_answered_without_asking_again(cache: TieredCache, value: Any) -> None:
    source = Source(value)
    plan = Plan(ttl=60, negative_ttl=60)
    for _ in range(3):
        assert await cache.get_or_load("k", source, plan) == value
    assert source.asked == 1
    assert cache.peek("k", "nothing") == value


async def test_nothing_is_not_kept_unless_asked(cache: TieredCache) -> None:
    source = Source(None)
    assert await cache.get_or_load("k", source, LONG) is None
    source.value = 1
    assert await cache.get_or_load("k", source, LONG) == 1


async def test_however_many_ask_it_is_loaded_once(cache: TieredCache) -> None:
    source = Source()
    source.gate = asyncio.Event()
    waiting = [asyncio.ensure_future(cache.get_or_load("k", source, LONG)) for _ in range(100)]
    await asyncio.sleep(0.05)
    waiting[0].cancel()
    source.gate.set()
    assert await asyncio.gather(*waiting[1:]) == ["v"] * 99
    assert source.asked == 1


async def test_an_error_reaches_all_who_wait_and_is_not_kept(cache: TieredCache) -> None:
    source = Source()
    source.error = OSError("the database is away")
    answers = await asyncio.gather(*(cache.get_or_load("k", source, LONG) for _ in range(5)), return_exceptions=True)
    assert [type(one) for one in answers] == [OSError] * 5
    assert source.asked == 1
    source.error = None
    assert await cache.get_or_load("k", source, LONG) == "v"


async def test_a_deletion_during_a_load_wins(cache: TieredCache) -> None:
    source = Source("old")
    source.gate = asyncio.Event()
    first = asyncio.ensure_future(cache.get_or_load("k", source, LONG))
    await asyncio.sleep(0.05)
    await cache.delete("k")
    source.value = "new"
    second = asyncio.ensure_future(cache.get_or_load("k", source, LONG))
    await asyncio.sleep(0.05)
    source.gate.set()
    assert await first == "old"  # it had asked before
    assert await second == "new"
    assert await cache.get_or_load("k", source, LONG) == "new"


async def test_an_invalidation_during_a_load_wins(cache: TieredCache) -> None:
    source, plan = Source("old"), Plan(ttl=60, tags=("a", "b"))
    source.gate = asyncio.Event()
    first = asyncio.ensure_future(cache.get_or_load("k", source, plan))
    await asyncio.sleep(0.05)
    await cache.invalidate("b")
    source.value = "new"
    source.gate.set()
    await first
    assert await cache.get_or_load("k", source, plan) == "new"


async def test_a_tag_forgets_what_carries_it_and_nothing_else(cache: TieredCache) -> None:
    one, two = Source(1), Source(2)
    await cache.get_or_load("one", one, Plan(ttl=60, tags=("a", "b")))
    await cache.get_or_load("two", two, Plan(ttl=60, tags=("b",)))
    await cache.invalidate("a")
    await cache.get_or_load("one", one, Plan(ttl=60, tags=("a", "b")))
    await cache.get_or_load("two", two, Plan(ttl=60, tags=("b",)))
    assert (one.asked, two.asked) == (2, 1)
    await cache.invalidate("a", "b")
    await cache.get_or_load("one", one, Plan(ttl=60, tags=("a", "b")))
    await cache.get_or_load("two", two, Plan(ttl=60, tags=("b",)))
    assert (one.asked, two.asked) == (3, 2)


async def test_an_old_value_is_answered_while_a_new_one_is_loaded(cache: TieredCache) -> None:
    source, plan = Source("old"), Plan(ttl=0.2, stale=60, jitter=0)
    await cache.get_or_load("k", source, plan)
    await asyncio.sleep(0.25)
    source.value, source.gate = "new", asyncio.Event()
    assert await asyncio.gather(*(cache.get_or_load("k", source, plan) for _ in range(10))) == ["old"] * 10
    await asyncio.sleep(0.05)
    source.gate.set()
    await asyncio.sleep(0.05)
    assert cache.peek("k") == "new"
    assert source.asked == 2
    assert cache.stats().groups[""].stale == 10


async def test_an_old_value_is_better_than_an_error(cache: TieredCache) -> None:
    source, plan = Source("old"), Plan(ttl=0.1, stale=60, jitter=0)
    await cache.get_or_load("k", source, plan)
    await asyncio.sleep(0.15)
    source.error = OSError("away")
    for _ in range(3):
        assert await cache.get_or_load("k", source, plan) == "old"
        await asyncio.sleep(0.01)


async def test_a_batch_is_answered_in_order_and_asks_once_for_what_is_missing(cache: TieredCache) -> None:
    asked: list[list[str]] = []

    async def fetch(ids: list[str]) -> dict[str, str]:
        asked.append(ids)
        return {one: one.upper() for one in ids if one != "c"}

    queries = QueryCache(cache, LONG)
    await queries.rows("row", ["b"], fetch)
    assert await queries.rows("row", ["d", "a", "b", "c", "a"], fetch) == ["D", "A", "B", None, "A"]
    assert asked == [["b"], ["d", "a", "c"]]
    assert await queries.rows("row", ["a", "d"], fetch) == ["A", "D"]
    assert len(asked) == 2


async def test_queries_and_functions_are_told_apart_by_their_values(cache: TieredCache) -> None:
    queries, source = QueryCache(cache, LONG), Source([])
    assert await queries.query("list", source, tags=["videos"], limit=20, q="") == []
    assert await queries.query("list", source, tags=["videos"], q="", limit=20) == []
    assert source.asked == 1
    await queries.query("list", source, tags=["videos"], limit=21, q="")
    assert source.asked == 2
    await queries.forget("videos")
    await queries.query("list", source, tags=["videos"], limit=20, q="")
    assert source.asked == 3

    @cached(cache, "double", LONG)
    async def double(number: int) -> int:
        source.asked += 1
        return number * 2

    assert [await double(2), await double(2), await double(3)] == [4, 4, 6]
    assert source.asked == 5


async def test_what_was_set_is_read_and_cleared_by_pattern(cache: TieredCache) -> None:
    for number in range(5):
        await cache.set(f"video:{number}", number, LONG)
    await cache.set("user:1", "u", LONG)
    assert await cache.get_many(["video:3", "none", "video:1"], LONG) == {"video:3": 3, "video:1": 1}
    assert await cache.clear("video:*") == 5
    assert await cache.get("video:3", LONG) is None
    assert await cache.get("user:1", LONG) == "u"


async def test_warming_loads_before_anybody_asks(cache: TieredCache) -> None:
    bad = Source()
    bad.error = OSError("no")

    def load(number: int) -> Callable[[], Awaitable[int]]:
        async def one() -> int:
            return number

        return one

    loads: list[tuple[str, Callable[[], Awaitable[Any]]]] = [(f"k{number}", load(number)) for number in range(20)]
    assert await cache.warm([*loads, ("bad", bad)], LONG) == 20
    assert cache.peek("k7") == 7


async def test_long_and_strange_keys(cache: TieredCache) -> None:
    source = Source()
    for key in ("a" * 3000, "with space\r\n*1", "ключ", "💥" * 100):
        source.asked = 0
        assert await cache.get_or_load(key, source, LONG) == "v"
        assert await cache.get_or_load(key, source, LONG) == "v"
        assert source.asked == 1
        await cache.delete(key)
        await cache.get_or_load(key, source, LONG)
        assert source.asked == 2


async def test_typed_values_come_back_typed(cache: TieredCache) -> None:
    plan = Plan(ttl=60, type=list[Row])
    rows = [Row(str(number), number) for number in range(300)]
    assert await cache.get_or_load("rows", Source(rows), plan) == rows
    cache.memory.clear()
    found = await cache.get_or_load("rows", Source(rows), plan)
    assert found == rows


async def test_statistics_say_what_happened(cache: TieredCache) -> None:
    source = Source()
    for _ in range(4):
        await cache.get_or_load("video:1", source, LONG)
    stats = cache.stats()
    group = stats.groups["video"]
    assert (group.hits, group.loads, stats.entries) == (3, 1, 1)
    assert stats.hit_ratio == 0.75
    assert 0 < stats.bytes <= stats.max_bytes
