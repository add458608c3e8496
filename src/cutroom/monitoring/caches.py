"""What the caches of all processes have done, out of an added-up sheet."""

from __future__ import annotations

import msgspec

from cutroom.telemetry.meters import Sheet


class CacheGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Lookups of the keys with one prefix, by what answered them."""

    group: str
    memory: int = 0
    redis: int = 0
    stale: int = 0
    loaded: int = 0


class CacheReport(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the server's processes."""

    processes: int
    redis: str
    entries: int
    bytes: int
    evictions: int
    invalidations: int
    redis_errors: int
    groups: list[CacheGroup]
    answers: int
    answer_bytes: int
    answers_made: int
    answers_repeated: int


def report(sheet: Sheet, *, redis: str) -> CacheReport:
    """The report; `redis` is what the process that answers knows of it: none, usable or unusable."""
    groups: dict[str, dict[str, int]] = {}
    for one in sheet.samples:
        if one.name == "cutroom_cache_lookups":
            labels = dict(one.labels)
            groups.setdefault(labels["group"], {})[labels["answered"]] = int(one.value)
    values, answers = (("cache", "values"),), (("cache", "answers"),)

    def number(name: str, labels: tuple[tuple[str, str], ...] = ()) -> int:
        return int(sum(one.value for one in sheet.samples if one.name == name and one.labels == labels))

    return CacheReport(
        processes=number("cutroom_processes"),
        redis=redis,
        entries=number("cutroom_cache_entries", values),
        bytes=number("cutroom_cache_bytes", values),
        evictions=number("cutroom_cache_evictions", values),
        invalidations=number("cutroom_cache_invalidations"),
        redis_errors=number("cutroom_cache_redis_errors"),
        groups=[CacheGroup(group=name, **layers) for name, layers in sorted(groups.items())],
        answers=number("cutroom_cache_entries", answers),
        answer_bytes=number("cutroom_cache_bytes", answers),
        answers_made=number("cutroom_lane_made"),
        answers_repeated=number("cutroom_lane_hits"),
    )
