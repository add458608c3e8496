"""Reading a value that Redis has: the common case, in one exchange, without a task and without a lease.

Whatever is not plain (a miss, a stale value, a tag whose version is not known here) is left to `filling`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cutroom.cache.codec import Undecodable, decode_value, unpack
from cutroom.cache.connection import RedisGone, RedisRefused
from cutroom.cache.entry import MISSING

if TYPE_CHECKING:
    from cutroom.cache.plan import Plan
    from cutroom.cache.shared import Shared
    from cutroom.cache.tiered import TieredCache

_MOST_KEYS = 10_000


class Changes(set[str]):
    """The keys changed while any read was under way; a read whose key is among them may not go into memory."""

    everything = False

    def meets(self, key: str) -> bool:
        """Whether the key was changed."""
        return self.everything or key in self


class Glance:
    """Reads of one cache that are under way, and what changed meanwhile."""

    def __init__(self, cache: TieredCache) -> None:
        self._cache = cache
        self._under_way = 0
        self._changes = Changes()

    def changed(self, key: str) -> None:
        """Somebody changed a key, or Redis dropped it."""
        if self._under_way:
            self._changes.add(key)
            if len(self._changes) > _MOST_KEYS:
                self.changed_all()

    def changed_all(self) -> None:
        """Nothing that is on its way may be believed."""
        self._changes.everything = True
        self._changes = Changes()

    async def one(self, key: str, plan: Plan, shared: Shared) -> Any:
        """The fresh value that Redis has, else MISSING."""
        changes = self._begin()
        try:
            data = await shared.get(key)
        except (RedisGone, RedisRefused):
            return MISSING
        finally:
            self._under_way -= 1
        return MISSING if data is None else self._taken(key, plan, data, changes)

    async def many(self, keys: Sequence[str], plan: Plan, shared: Shared) -> list[Any]:
        """Of each key the fresh value that Redis has, or MISSING."""
        changes = self._begin()
        try:
            found = await asyncio.gather(*map(shared.get, keys), return_exceptions=True)
        finally:
            self._under_way -= 1
        return [
            self._taken(key, plan, data, changes) if isinstance(data, bytes) else MISSING
            for key, data in zip(keys, found, strict=True)
        ]

    def _begin(self) -> Changes:
        if not self._under_way:
            self._changes = Changes()
        self._under_way += 1
        return self._changes

    def _taken(self, key: str, plan: Plan, data: bytes, changes: Changes) -> Any:
        cache = self._cache
        try:
            head, body = unpack(data)
            stamps = cache.stamps.known(head.tags) if head.tags else ()
            now = time.time()
            if stamps is None or head.fresh_until <= now:
                return MISSING
            value = decode_value(body, plan.type)
        except Undecodable:
            return MISSING
        cache.group(key).shared_hits += 1
        if not changes.meets(key):
            fresh, dead = head.fresh_until - now, head.dead_at - now
            cache.remember(key, value, plan, fresh=fresh, dead=dead, stamps=stamps, size=len(body))
        return value
