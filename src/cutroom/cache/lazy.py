"""Values that are made when somebody first asks: once, however many ask at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LazyMap(Generic[K, V]):
    """A value a key, made by `load(key)` at the first `await map.get(key)`.

    An error is raised to all who wait, and not kept.
    """

    def __init__(self, load: Callable[[K], Awaitable[V]]) -> None:
        self._load = load
        self._values: dict[K, V] = {}
        self._loading: dict[K, asyncio.Task[V]] = {}

    async def get(self, key: K) -> V:
        """The value of the key."""
        if key in self._values:
            return self._values[key]
        task = self._loading.get(key)
        if task is None:
            task = self._loading[key] = asyncio.ensure_future(self._made(key))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(task)

    def peek(self, key: K) -> V | None:
        """The value if it has been made."""
        return self._values.get(key)

    def forget(self, key: K) -> None:
        """Make it anew at the next ask; one that is being made now is not kept."""
        self._values.pop(key, None)
        self._loading.pop(key, None)

    def __len__(self) -> int:
        return len(self._values)

    async def _made(self, key: K) -> V:
        mine = asyncio.current_task()
        try:
            value = await self._load(key)
            if self._loading.get(key) is mine:
                self._values[key] = value
            return value
        finally:
            if self._loading.get(key) is mine:
                del self._loading[key]


class LazyValue(Generic[V]):
    """One value, made by `load()` at the first `await value.get()`."""

    def __init__(self, load: Callable[[], Awaitable[V]]) -> None:
        self._map: LazyMap[None, V] = LazyMap(lambda _key: load())

    async def get(self) -> V:
        """The value."""
        return await self._map.get(None)

    def forget(self) -> None:
        """Make it anew at the next ask."""
        self._map.forget(None)

    @property
    def made(self) -> bool:
        """Whether it is there."""
        return len(self._map) == 1
