"""Who leaves when memory is full. A policy sees entries come and go; a hit only counts on the entry itself.

S3-FIFO: Yang et al., "FIFO Queues are All You Need for Cache Eviction", SOSP 2023. LFU and TTL choose the worst of a
sample, as Redis does.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from cutroom.cache.entry import Entry

_SAMPLE = 16
_LARGE = 1
_SMALL_SHARE = 20  # the small queue's is one of so many bytes
_MOST_TURNS = 3  # through the large queue, for what was hit however often


class Policy(Protocol):
    """Called by `Memory` for each entry that comes or goes, and for the next victim."""

    def added(self, entry: Entry) -> None:
        """A new entry; its key was not there before."""

    def removed(self, entry: Entry) -> None:
        """The entry has gone."""

    def victim(self) -> Entry:
        """Who should go; there is at least one entry."""

    def clear(self) -> None:
        """All entries have gone."""


class _Chain:
    """Entries from newest to oldest."""

    def __init__(self) -> None:
        self.newest: Entry | None = None
        self.oldest: Entry | None = None

    def push(self, entry: Entry) -> None:
        entry.newer, entry.older = None, self.newest
        if self.newest is not None:
            self.newest.newer = entry
        self.newest = entry
        if self.oldest is None:
            self.oldest = entry

    def drop(self, entry: Entry) -> None:
        if entry.newer is not None:
            entry.newer.older = entry.older
        else:
            self.newest = entry.older
        if entry.older is not None:
            entry.older.newer = entry.newer
        else:
            self.oldest = entry.newer
        entry.newer = entry.older = None


class S3Fifo:
    """Three queues: new ones prove themselves in a small one, those that were hit there stay in a large one, and who
    left the small one is remembered for a while without its value and comes back into the large one.

    Both queues are only ever read from the old end: a hit costs nothing but its count. Who is put anew, because its
    value or its tags have changed, keeps its queue.
    """

    def __init__(self) -> None:
        self._small, self._large = _Chain(), _Chain()
        self._bytes = self._small_bytes = self._count = 0
        self._gone: tuple[set[int], set[int]] = (set(), set())  # hashes of keys: of lately, and of before

    def added(self, entry: Entry) -> None:
        """To the new end of one of the queues."""
        name = hash(entry.key)
        known = [names for names in self._gone if name in names]
        for names in known:
            names.discard(name)
        self._bytes += entry.size
        self._count += 1
        if known:
            entry.place = _LARGE
            self._large.push(entry)
        else:
            self._small_bytes += entry.size
            self._small.push(entry)

    def removed(self, entry: Entry) -> None:
        """Out of its queue."""
        self._bytes -= entry.size
        self._count -= 1
        if entry.place == _LARGE:
            self._large.drop(entry)
            self._remember(entry)
        else:
            self._small_bytes -= entry.size
            self._small.drop(entry)

    def victim(self) -> Entry:
        """The oldest that was not hit, of the small queue while that has more than its share."""
        while True:
            small, large = self._small.oldest, self._large.oldest
            if small is not None and (large is None or self._small_bytes * _SMALL_SHARE >= self._bytes):
                if small.hits == small.seen_hits:
                    self._remember(small)
                    return small
                self._promote(small)
            elif large is not None:
                kept = min(large.hits - large.seen_hits, _MOST_TURNS)
                if not kept:
                    return large
                large.seen_hits = large.hits - kept + 1
                self._large.drop(large)
                self._large.push(large)
            else:
                raise IndexError("nothing is kept")

    def clear(self) -> None:
        """Everything has gone."""
        self.__init__()  # type: ignore[misc]

    def _promote(self, entry: Entry) -> None:
        self._small.drop(entry)
        self._small_bytes -= entry.size
        entry.place, entry.seen_hits = _LARGE, entry.hits
        self._large.push(entry)

    def _remember(self, entry: Entry) -> None:
        """Three quarters to one and a half times as many as there are entries; the older half is forgotten at once."""
        lately, _ = self._gone
        lately.add(hash(entry.key))
        if len(lately) * 4 > self._count * 3:
            self._gone = (set(), lately)


class Lru:
    """The least recently hit goes; hits are read lazily, when a victim is looked for."""

    def __init__(self) -> None:
        self._chain = _Chain()

    def added(self, entry: Entry) -> None:
        """At the new end."""
        self._chain.push(entry)

    def removed(self, entry: Entry) -> None:
        """Out of the chain."""
        self._chain.drop(entry)

    def touched(self, entry: Entry) -> None:
        """A hit: to the new end."""
        if self._chain.newest is not entry:
            self._chain.drop(entry)
            self._chain.push(entry)

    def victim(self) -> Entry:
        """The old end."""
        if self._chain.oldest is None:
            raise IndexError("nothing is kept")
        return self._chain.oldest

    def clear(self) -> None:
        """Everything has gone."""
        self._chain = _Chain()


class Sampled:
    """The one with the smallest `worth` of a few chosen at random."""

    def __init__(self, worth: Callable[[Entry], float], *, seed: int | None = None) -> None:
        self._worth = worth
        self._all: list[Entry] = []
        self._random = random.Random(seed)  # noqa: S311 (not a secret)

    def added(self, entry: Entry) -> None:
        """At the end of the list."""
        entry.place = len(self._all)
        self._all.append(entry)

    def removed(self, entry: Entry) -> None:
        """The last one takes its place."""
        last = self._all.pop()
        if last is not entry:
            last.place = entry.place
            self._all[entry.place] = last

    def victim(self) -> Entry:
        """The least worth keeping of the sample."""
        among = len(self._all)
        chosen = [self._all[int(self._random.random() * among)] for _ in range(min(_SAMPLE, among))]
        worst = min(chosen, key=self._worth)
        for entry in chosen:
            entry.seen_hits += (entry.hits - entry.seen_hits) >> 3  # past favourites fade
        return worst

    def clear(self) -> None:
        """Everything has gone."""
        self._all.clear()


def make(name: str) -> S3Fifo | Lru | Sampled:
    """`s3fifo`, `lru`, `lfu` or `ttl` (what ends first goes first)."""
    if name == "s3fifo":
        return S3Fifo()
    if name == "lru":
        return Lru()
    if name == "lfu":
        return Sampled(lambda entry: entry.hits - entry.seen_hits)
    if name == "ttl":
        return Sampled(lambda entry: entry.dead_at)
    raise ValueError(f"no policy is called {name!r}: s3fifo, lru, lfu, ttl")
