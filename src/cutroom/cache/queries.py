"""Caching what functions answer."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import msgspec
from xxhash import xxh3_128_hexdigest

from cutroom.cache.plan import DEFAULT, Plan
from cutroom.cache.tiered import TieredCache

P = ParamSpec("P")
T = TypeVar("T")


class QueryCache:
    """Answers of queries under `query:…`, and rows under `NAME:ID` fetched in batches."""

    def __init__(self, cache: TieredCache, plan: Plan = DEFAULT) -> None:
        self._cache = cache
        self._plan = plan

    async def query(self, name: str, ask: Callable[[], Awaitable[T]], *, tags: Sequence[str] = (), **values: Any) -> T:
        """The answer of `ask()`, cached by the query's name and its values (anything that msgspec encodes).

        An empty answer is an answer: `[]`, `0` and `""` are cached like any other.
        """
        return await self._cache.get_or_load(_key(f"query:{name}", values), ask, self._with(tags))

    async def rows(
        self, name: str, ids: Sequence[str], fetch: Callable[[list[str]], Awaitable[dict[str, T]]]
    ) -> list[T | None]:
        """Rows in the order of `ids`; `fetch` is asked once, for those nobody had. Each carries the tag `NAME:ID`."""
        begin = len(name) + 1

        async def load(keys: list[str]) -> dict[str, T]:
            found = await fetch([key[begin:] for key in keys])
            return {f"{name}:{one}": row for one, row in found.items()}

        return await self._cache.get_or_load_many([f"{name}:{one}" for one in ids], load, self._plan)

    async def forget(self, *tags: str) -> None:
        """What carries these tags was changed."""
        await self._cache.invalidate(*tags)

    def _with(self, tags: Sequence[str]) -> Plan:
        return msgspec.structs.replace(self._plan, tags=(*self._plan.tags, *tags)) if tags else self._plan


def cached(
    cache: TieredCache,
    name: str,
    plan: Plan = DEFAULT,
) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """A decorator: the function's answers, by its arguments (anything that msgspec encodes).

    @cached(cache, "weather", Plan(ttl=60))
    async def weather(city: str) -> dict: ...
    """

    def decorate(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        @functools.wraps(function)
        async def asked(*args: P.args, **named: P.kwargs) -> T:
            key = _key(name, [args, dict(sorted(named.items()))])
            return await cache.get_or_load(key, lambda: function(*args, **named), plan)

        return asked

    return decorate


def _key(name: str, values: Any) -> str:
    if not values:
        return name
    return f"{name}:{xxh3_128_hexdigest(msgspec.msgpack.encode(values, order='deterministic'))}"
