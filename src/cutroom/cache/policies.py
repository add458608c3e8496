"""Who leaves when memory is full. A policy sees entries come and go; a hit only counts on the entry itself.

SIEVE: Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024. LFU and TTL choose the worst of a sample, as Redis does.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from cutroom.cache.entry import Entry

_SAMPLE = 16


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


class Sieve:
    """A hand walks from old to new: what was hit since it last passed stays where it is, the first other one goes."""

    def __init__(self) -> None:
        self._chain = _Chain()
        self._hand: Entry | None = None

    def added(self, entry: Entry) -> None:
        """At the new end."""
        self._chain.push(entry)

    def removed(self, entry: Entry) -> None:
        """The hand moves on when it stood there."""
        if self._hand is entry:
            self._hand = entry.newer
        self._chain.drop(entry)

    def victim(self) -> Entry:
        """The first from the hand on that was not hit."""
        entry = self._hand or self._chain.oldest
        while entry is not None and entry.hits != entry.seen_hits:
            entry.seen_hits = entry.hits
            entry = entry.newer or self._chain.oldest
        if entry is None:
            raise IndexError("nothing is kept")
        self._hand = entry
        return entry

    def clear(self) -> None:
        """Everything has gone."""
        self._chain, self._hand = _Chain(), None


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


def make(name: str) -> Sieve | Lru | Sampled:
    """`sieve`, `lru`, `lfu` or `ttl` (what ends first goes first)."""
    if name == "sieve":
        return Sieve()
    if name == "lru":
        return Lru()
    if name == "lfu":
        return Sampled(lambda entry: entry.hits - entry.seen_hits)
    if name == "ttl":
        return Sampled(lambda entry: entry.dead_at)
    raise ValueError(f"no policy is called {name!r}: sieve, lru, lfu, ttl")
