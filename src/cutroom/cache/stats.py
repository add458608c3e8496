"""What a cache has done so far."""

from __future__ import annotations

import msgspec


class GroupStats(msgspec.Struct, kw_only=True):
    """Of the keys with one prefix (the part before the first colon)."""

    hits: int = 0  # answered from memory
    shared_hits: int = 0  # answered from Redis
    loads: int = 0
    load_errors: int = 0
    load_seconds: float = 0.0
    stale: int = 0  # old answers given while a new one was loaded, or could not be


class CacheStats(msgspec.Struct, kw_only=True):
    """Counters since the start, and sizes now."""

    entries: int
    bytes: int
    max_bytes: int
    evictions: int
    invalidations: int  # keys and tags, by this process and by others
    redis: str  # "none", "usable" or "unusable"
    redis_errors: int
    redis_connections: int
    undecodable: int  # values of Redis that were not of the asked type
    groups: dict[str, GroupStats]

    @property
    def hit_ratio(self) -> float:
        """Share of the lookups answered from memory or Redis; 0 before the first."""
        hits = sum(one.hits + one.shared_hits + one.stale for one in self.groups.values())
        asked = hits + sum(one.loads for one in self.groups.values())
        return hits / asked if asked else 0.0
