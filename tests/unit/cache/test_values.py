"""Values on their way to Redis, keys, plans, lazy values and models."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.cache import LazyMap, LazyValue, ModelCache, Plan
from cutroom.cache.codec import Undecodable, decode_value, encode_value, pack, unpack
from cutroom.cache.keys import LONGEST, cleaned, group_of
from cutroom.core.errors import CutroomError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


class Row(msgspec.Struct):
    id: str
    size: int


@given(JSON, st.dictionaries(st.text(), st.binary(), max_size=3))
def test_values_come_back(value: Any, tags: dict[str, bytes]) -> None:
    head, body = unpack(pack(encode_value(value), fresh_until=1.5, dead_at=2.5, tags=tags))
    assert decode_value(body, Any) == value
    assert (head.fresh_until, head.dead_at, head.tags) == (1.5, 2.5, tags)


def test_large_values_are_compressed_and_typed() -> None:
    rows = [Row(f"vid_{number}", number) for number in range(500)]
    packed = pack(encode_value(rows), fresh_until=0, dead_at=0, tags={})
    assert len(packed) < len(encode_value(rows)) / 2
    assert decode_value(unpack(packed)[1], list[Row]) == rows


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Undecodable):
        decode_value(unpack(data)[1], Any)


def test_bytes_that_were_cut_or_are_of_another_type_are_refused() -> None:
    packed = pack(encode_value([Row("a", 1)] * 400), fresh_until=0, dead_at=0, tags={})
    for size in range(0, len(packed), 7):
        with pytest.raises(Undecodable):
            unpack(packed[:size])
    with pytest.raises(Undecodable):
        decode_value(unpack(packed)[1], list[int])


@given(st.text(min_size=1, max_size=4000))
def test_keys_are_printable_bounded_and_different(key: str) -> None:
    clean = cleaned(key)
    assert 0 < len(clean) <= LONGEST
    assert clean.isascii()
    assert clean.isprintable()
    assert " " not in clean
    assert cleaned(key) == clean
    assert cleaned(key + "x" if len(key) < 4000 else key[1:]) != clean


def test_keys_that_are_none() -> None:
    for wrong in ("", "a" * 4001):
        with pytest.raises(CutroomError, match="cache key"):
            cleaned(wrong)
    assert (group_of("video:1"), group_of("alone")) == ("video", "")


def test_plans_that_cannot_be_meant() -> None:
    for wrong in ({"ttl": 0}, {"ttl": 1, "stale": -1}, {"jitter": 1.0}):
        with pytest.raises(ValueError, match="plan"):
            Plan(**wrong)
    assert 9.0 <= Plan(ttl=10, jitter=0.1).seconds("v") <= 10.0
    assert Plan(ttl=10).seconds(None) == 0


async def test_a_lazy_value_is_made_once_and_an_error_is_not_kept() -> None:
    made = []

    async def make() -> str:
        await asyncio.sleep(0.01)
        made.append(1)
        if len(made) == 1:
            raise OSError("not yet")
        return "there"

    value = LazyValue(make)
    first = await asyncio.gather(*(value.get() for _ in range(5)), return_exceptions=True)
    assert [type(one) for one in first] == [OSError] * 5
    assert not value.made
    assert await asyncio.gather(*(value.get() for _ in range(5))) == ["there"] * 5
    assert len(made) == 2
    value.forget()
    assert await value.get() == "there"
    assert len(made) == 3


async def test_who_gives_up_does_not_take_a_lazy_value_from_the_others() -> None:
    gate = asyncio.Event()

    async def make(key: str) -> str:
        await gate.wait()
        return key

    values = LazyMap(make)
    impatient, patient = asyncio.ensure_future(values.get("a")), asyncio.ensure_future(values.get("a"))
    await asyncio.sleep(0)
    impatient.cancel()
    gate.set()
    assert await patient == "a"
    assert values.peek("a") == "a"


async def test_what_is_forgotten_while_it_is_made_is_not_kept() -> None:
    gate = asyncio.Event()

    async def make(key: str) -> str:
        await gate.wait()
        return key

    values = LazyMap(make)
    asked = asyncio.ensure_future(values.get("a"))
    await asyncio.sleep(0)
    values.forget("a")
    gate.set()
    assert await asked == "a"
    assert values.peek("a") is None


async def test_models_stay_within_their_budget() -> None:
    unloaded: list[str] = []

    async def load(name: str) -> str:
        return name * 10

    async def unload(model: str) -> None:
        unloaded.append(model[0])

    models = ModelCache(load, budget_bytes=25, size=len, unload=unload)
    async with models.use("a") as first:
        assert first == "a" * 10
        async with models.use("b"):
            with pytest.raises(CutroomError, match="can be had"):
                async with models.use("c"):
                    pass
    assert unloaded == ["c"]
    async with models.use("a"):
        pass
    async with models.use("c"):
        assert models.names() == ["a", "c"]
    assert unloaded == ["c", "b"]
    assert models.bytes == 20
    assert await models.unload("a")
    assert not await models.unload("a")
