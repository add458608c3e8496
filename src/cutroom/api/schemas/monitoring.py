"""Health, caches and performance on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from cutroom.api.schemas.base import Asked, Shape


class HealthCheck(Shape):
    name: str
    ok: bool
    needed: bool = Field(description="False: the server does without it")
    message: str | None


class Health(Shape):
    ok: bool
    version: str
    checks: list[HealthCheck]


class RouteReport(Shape):
    method: str
    route: str
    status: int
    requests: int
    mean_ms: float
    p50_ms: float | None = Field(description="Upper bounds, as fine as the buckets of /metrics")
    p95_ms: float | None
    p99_ms: float | None


class PerformanceReport(Shape):
    processes: int
    resident_bytes: int
    requests: int
    server_errors: int
    kept_answer_ratio: float | None = Field(description="Share of what could be answered from before, that was")
    routes: list[RouteReport]


class CacheGroup(Shape):
    group: str = Field(description="The part of the keys before the first colon")
    memory: int
    redis: int
    stale: int
    loaded: int


class CacheReport(Shape):
    processes: int
    redis: str = Field(description="none, usable, or unusable: of the process that answers")
    entries: int
    bytes: int
    evictions: int
    invalidations: int
    redis_errors: int
    groups: list[CacheGroup]
    answers: int = Field(description="Kept answers of the cache lane")
    answer_bytes: int
    answers_made: int
    answers_repeated: int


Tag = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ClearAsked(Asked):
    pattern: str | None = Field(default=None, max_length=200, description="Keys, with *, ? and […]; * for all")
    tags: list[Tag] = Field(default=[], max_length=100)


class Cleared(Shape):
    keys: int = Field(description="Keys that the pattern found here and in Redis")
    tags: int


class MyStatistics(Shape):
    videos: int
    bytes: int
    seconds: float
    by_verdict: dict[str, int]
    clips: int
    clip_bytes: int
