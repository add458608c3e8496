"""A tiered cache for asyncio: memory, then Redis, then whoever knows. Usable on its own; see docs/how-to/cache.md."""

from cutroom.cache.entry import MISSING
from cutroom.cache.lazy import LazyMap, LazyValue
from cutroom.cache.limits import RateLimiter
from cutroom.cache.models import ModelCache
from cutroom.cache.plan import Plan
from cutroom.cache.queries import QueryCache, cached
from cutroom.cache.stats import CacheStats, GroupStats
from cutroom.cache.tiered import ALONE_SECONDS, TieredCache

__all__ = [
    "ALONE_SECONDS",
    "MISSING",
    "CacheStats",
    "GroupStats",
    "LazyMap",
    "LazyValue",
    "ModelCache",
    "Plan",
    "QueryCache",
    "RateLimiter",
    "TieredCache",
    "cached",
]
