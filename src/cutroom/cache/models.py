"""Large objects of this process, such as models: loaded once, kept within a budget of bytes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from cutroom.core.errors import CutroomError, ErrorKind

T = TypeVar("T")


class ModelCache(Generic[T]):
    """Objects by name. What is in use is never unloaded; of the others the least recently used goes first."""

    def __init__(
        self,
        load: Callable[[str], Awaitable[T]],
        *,
        budget_bytes: int,
        size: Callable[[T], int],
        unload: Callable[[T], Awaitable[None]] | None = None,
    ) -> None:
        """`size` says how many bytes a loaded object takes; `unload` frees what garbage collection does not."""
        self.budget_bytes = budget_bytes
        self.bytes = 0
        self._load = load
        self._size = size
        self._unload = unload
        self._kept: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._users: dict[str, int] = {}
        self._one_at_a_time = asyncio.Lock()

    def names(self) -> list[str]:
        """What is loaded, the least recently used first."""
        return list(self._kept)

    @asynccontextmanager
    async def use(self, name: str) -> AsyncIterator[T]:
        """The object, which stays loaded for the block. Raises `cache.over-budget` when it can never fit."""
        self._users[name] = self._users.get(name, 0) + 1
        try:
            yield await self._loaded(name)
        finally:
            self._users[name] -= 1
            if not self._users[name]:
                del self._users[name]

    async def unload(self, name: str) -> bool:
        """Unload one that nobody uses; whether it was loaded."""
        async with self._one_at_a_time:
            if name not in self._kept or name in self._users:
                return False
            await self._drop(name)
            return True

    async def _loaded(self, name: str) -> T:
        async with self._one_at_a_time:  # loading two at once could need twice the memory there is
            if name not in self._kept:
                value = await self._load(name)
                await self._keep(name, value, self._size(value))
            self._kept.move_to_end(name)
            return self._kept[name][0]

    async def _keep(self, name: str, value: T, size: int) -> None:
        idle = [other for other in self._kept if other not in self._users]
        while self.bytes + size > self.budget_bytes and idle:
            await self._drop(idle.pop(0))
        if self.bytes + size > self.budget_bytes:
            if self._unload is not None:
                await self._unload(value)
            raise CutroomError(
                "cache.over-budget",
                f"{name!r} needs {size} bytes, and {self.budget_bytes - self.bytes} of {self.budget_bytes} can be had.",
                hint="Give it a larger budget, or wait until what is in use now is done.",
                kind=ErrorKind.UNAVAILABLE,
            )
        self._kept[name] = (value, size)
        self.bytes += size

    async def _drop(self, name: str) -> None:
        value, size = self._kept.pop(name)
        self.bytes -= size
        if self._unload is not None:
            await self._unload(value)
