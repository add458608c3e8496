"""The memory layer: its bound, its policies, expiry and tags."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutroom.cache.entry import MISSING, Entry, Stamp
from cutroom.cache.memory import Memory, weigh

POLICIES = ("s3fifo", "lru", "lfu", "ttl")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def entry(key: str, value: object = "v", *, size: int = 100, until: float = 1e9, stamps: tuple = ()) -> Entry:  # type: ignore[type-arg]
    return Entry(key, value, size=size, fresh_until=until, dead_at=until, stamps=stamps)


@pytest.mark.parametrize("value", [None, [], 0, "", False, {}])
def test_an_empty_value_is_a_value(value: object) -> None:
    memory = Memory(10_000)
    memory.put(entry("k", value))
    assert memory.peek("k") == value
    assert memory.peek("other") is MISSING


def test_a_value_ends_at_its_time() -> None:
    clock = Clock()
    memory = Memory(10_000, clock=clock)
    memory.put(entry("k", until=110.0))
    clock.now = 109.999
    assert memory.peek("k") == "v"
    clock.now = 110.0
    assert memory.peek("k") is MISSING
    assert memory.entry("k") is None
    assert len(memory) == memory.bytes == 0


def test_one_invalidated_tag_of_three_is_enough() -> None:
    stamps = [Stamp(name, object()) for name in "abc"]
    memory = Memory(10_000)
    memory.put(entry("k", stamps=tuple((stamp, stamp.version) for stamp in stamps)))
    assert memory.peek("k") == "v"
    stamps[1].version = None
    assert memory.peek("k") is MISSING
    assert memory.entry("k") is None


def test_what_is_too_large_is_not_kept_and_nothing_leaves_for_it() -> None:
    memory = Memory(10_000)
    memory.put(entry("small"))
    memory.put(entry("large", size=9_000))
    assert memory.peek("large") is MISSING
    assert memory.peek("small") == "v"


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["put", "peek", "remove", "clear"]), st.integers(0, 30), st.integers(1, 3000)),
        max_size=200,
    )
)
def test_it_never_holds_more_than_its_bound_and_never_a_wrong_value(
    policy: str, steps: list[tuple[str, int, int]]
) -> None:
    memory, put = Memory(20_000, policy=policy), {}
    for step, (what, number, size) in enumerate(steps):
        key = f"k{number}"
        if what == "put":
            memory.put(entry(key, step, size=size))
            put[key] = step
        elif what == "peek":
            assert memory.peek(key) in (put.get(key, MISSING), MISSING)
        elif what == "remove":
            memory.remove(key)
            assert memory.peek(key) is MISSING
        elif number == 0:
            memory.clear()
            assert len(memory) == 0
        assert 0 <= memory.bytes <= memory.max_bytes
    kept = memory.names()
    assert memory.bytes == sum(found.size for name in kept if (found := memory.entry(name)))


def test_the_one_that_was_hit_stays() -> None:
    for policy in ("s3fifo", "lru", "lfu"):
        memory = Memory(500 * 20, policy=policy)
        for number in range(20):
            memory.put(entry(f"k{number}"))
        for _ in range(5):
            memory.peek("k0")
        for number in range(20, 36):
            memory.put(entry(f"k{number}"))
        assert memory.peek("k0") == "v", policy


def test_by_ttl_what_ends_first_goes_first() -> None:
    memory = Memory(500 * 16, policy="ttl")
    for number in range(16):
        memory.put(entry(f"k{number}", until=1000.0 + number + memory.clock()))
    memory.put(entry("long", until=1e9))
    assert memory.peek("k15") == "v"
    assert memory.peek("long") == "v"


def ratio(policy: str, asked: list[int], capacity: int) -> float:
    memory, hits = Memory(500 * capacity, policy=policy), 0
    for number in asked:
        key = str(number)
        if memory.peek(key) is MISSING:
            memory.put(entry(key))
        else:
            hits += 1
    return hits / len(asked)


def test_s3fifo_beats_lru_where_few_are_asked_often() -> None:
    chance = random.Random(7)
    weights = [1 / rank for rank in range(1, 5001)]
    asked = chance.choices(range(5000), weights, k=30_000)
    assert ratio("s3fifo", asked, 100) > ratio("lru", asked, 100) + 0.03
    assert ratio("lfu", asked, 100) > ratio("lru", asked, 100)


def test_weights_grow_with_what_is_inside() -> None:
    assert weigh("a" * 1000) > 1000
    assert weigh([{"key": "b" * 1000}] * 1) > 1000
    shared = "c" * 100_000
    assert weigh([shared] * 100) < 110_000


def test_hits_are_counted_by_group_also_of_what_left() -> None:
    memory = Memory(10_000)
    memory.put(Entry("video:1", 1, size=10, fresh_until=1e9, dead_at=1e9, group="video"))
    memory.peek("video:1")
    memory.peek("video:1")
    memory.clear()
    assert memory.hits() == {"video": 2}
