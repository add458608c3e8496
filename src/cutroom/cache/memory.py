"""The memory layer: a dict bounded in bytes, with expiry and tags checked at the read."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from cutroom.cache import policies
from cutroom.cache.entry import MISSING, Entry

_OVERHEAD = 400
"""Bytes of an entry besides its value: the object itself, its place in the dict, a short key."""


class Memory:
    """Values of this process, used from one event loop.

    `peek(key, default=MISSING)` answers a fresh value without asking anybody; it is a plain function, because it is the
    hottest one there is.
    """

    def __init__(self, max_bytes: int, *, policy: str = "s3fifo", clock: Callable[[], float] = time.monotonic) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self.evictions = 0
        self.clock = clock
        self.misses = 0
        self._entries: dict[str, Entry] = {}
        self._policy = policies.make(policy)
        self._gone_hits: dict[str, int] = {}
        self.peek: Callable[..., Any] = self._make_peek()

    def __len__(self) -> int:
        return len(self._entries)

    def _make_peek(self) -> Callable[..., Any]:
        # A closure and no helper: a method's lookups alone would be a third of a hit.
        find, now = self._entries.get, self.clock
        touched = self._policy.touched if isinstance(self._policy, policies.Lru) else None

        def peek(key: str, default: Any = MISSING) -> Any:
            entry = find(key)
            if entry is None or entry.fresh_until <= now():
                return default
            if entry.stamps:
                for stamp, version in entry.stamps:
                    if stamp.version is not version:
                        return default
            entry.hits += 1
            if touched is not None:
                touched(entry)
            return entry.value

        return peek

    def entry(self, key: str) -> Entry | None:
        """The entry, fresh or stale, while its tags hold and it is not dead; a dead one is dropped."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.dead_at <= self.clock() or not entry.holds():
            self._drop(entry)
            return None
        return entry

    def put(self, entry: Entry) -> None:
        """Keep an entry, in place of an older one; one that would need more than a quarter of all is not kept."""
        entry.size += _OVERHEAD
        self.remove(entry.key)
        if entry.size > self.max_bytes // 4:
            return
        while self.bytes + entry.size > self.max_bytes:
            self._drop(self._policy.victim())
            self.evictions += 1
        self._entries[entry.key] = entry
        self.bytes += entry.size
        self._policy.added(entry)

    def remove(self, key: str) -> bool:
        """Forget a key; whether it was there."""
        entry = self._entries.get(key)
        if entry is None:
            return False
        self._drop(entry)
        return True

    def remove_all(self, keys: Iterable[str]) -> int:
        """Forget some keys; how many were there."""
        return sum(self.remove(key) for key in list(keys))

    def names(self) -> list[str]:
        """All keys, the oldest first."""
        return list(self._entries)

    def clear(self) -> None:
        """Forget everything."""
        self._gone_hits = self.hits()
        self._entries.clear()
        self._policy.clear()
        self.bytes = 0

    def hits(self) -> dict[str, int]:
        """Hits by group of keys since the start."""
        found = dict(self._gone_hits)
        for entry in self._entries.values():
            found[entry.group] = found.get(entry.group, 0) + entry.hits
        return found

    def _drop(self, entry: Entry) -> None:
        del self._entries[entry.key]
        self.bytes -= entry.size
        self._gone_hits[entry.group] = self._gone_hits.get(entry.group, 0) + entry.hits
        self._policy.removed(entry)


def weigh(value: Any, *, at_most: int = 100_000) -> int:
    """About how many bytes a value takes, looking into containers and msgspec structs (at most so many objects)."""
    total, waiting = 0, [value]
    seen: set[int] = set()
    while waiting and at_most:
        one = waiting.pop()
        at_most -= 1
        if id(one) in seen:
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        if isinstance(one, dict):
            waiting += one.keys()
            waiting += one.values()
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += one
        elif isinstance(one, msgspec.Struct):
            waiting += [getattr(one, name) for name in one.__struct_fields__]
        elif hasattr(one, "__dict__"):
            waiting.append(vars(one))
    return total
