"""Numbers that something in this process keeps for itself, as the meters ask for them."""

from __future__ import annotations

import psutil

from cutroom.api.lane import CacheLane
from cutroom.api.limits import Limits
from cutroom.cache import CacheStats
from cutroom.db.engine import Database
from cutroom.telemetry.meters import Sample

_PROCESS = psutil.Process()


def of_process() -> list[Sample]:
    """Memory of this process in whole MiB, and that it is there."""
    resident = _PROCESS.memory_info().rss >> 20 << 20
    return [
        Sample("cutroom_process_resident_bytes", (), resident, False),
        Sample("cutroom_processes", (), 1, False),
    ]


def of_database(database: Database) -> list[Sample]:
    """Connections of the pool, looks of SQLite's readers, and what was asked."""
    pool = database.pool_numbers()
    states = {"idle": pool.open - pool.in_use, "in use": pool.in_use, "reading": pool.reading, "waiting": pool.waiting}
    found = [Sample("cutroom_db_connections", (("state", name),), n, False) for name, n in states.items()]
    found.append(Sample("cutroom_db_transactions", (), database.commits))
    if (asked := database.statements) is not None:
        found.append(Sample("cutroom_db_statements", (), asked.calls))
        found.append(Sample("cutroom_db_statement_failures", (), asked.failures))
        found.append(Sample("cutroom_db_statement_seconds", (), asked.seconds))
    return found


def of_cache(stats: CacheStats) -> list[Sample]:
    """The tiered cache, by group of keys and layer."""
    found = [
        Sample("cutroom_cache_bytes", (("cache", "values"),), stats.bytes, False),
        Sample("cutroom_cache_entries", (("cache", "values"),), stats.entries, False),
        Sample("cutroom_cache_evictions", (("cache", "values"),), stats.evictions),
        Sample("cutroom_cache_invalidations", (), stats.invalidations),
        Sample("cutroom_cache_redis_errors", (), stats.redis_errors),
        Sample("cutroom_cache_redis_usable", (), int(stats.redis == "usable"), False),
    ]
    for group, one in stats.groups.items():
        layers = {"memory": one.hits, "redis": one.shared_hits, "stale": one.stale, "loaded": one.loads}
        for layer, count in layers.items():
            found.append(Sample("cutroom_cache_lookups", (("group", group), ("answered", layer)), count))
    return found


def of_lane(lane: CacheLane) -> list[Sample]:
    """The cache lane."""
    return [
        Sample("cutroom_cache_bytes", (("cache", "answers"),), lane.memory.bytes, False),
        Sample("cutroom_cache_entries", (("cache", "answers"),), len(lane.memory), False),
        Sample("cutroom_cache_evictions", (("cache", "answers"),), lane.memory.evictions),
        Sample("cutroom_lane_made", (), lane.made),
        Sample("cutroom_lane_hits", (), lane.hits),
    ]


def of_limits(limits: Limits) -> list[Sample]:
    """Refused requests."""
    by = {"address": limits.by_address, "account": limits.by_account}
    return [Sample("cutroom_refused", (("by", name),), one.refused) for name, one in by.items() if one is not None]
