"""Delivery on the wire."""

from __future__ import annotations

from pydantic import Field

from cutroom.api.schemas.base import Asked, Shape


class InvalidationAsked(Asked):
    paths: list[str] = Field(
        min_length=1, max_length=1000, description="/proxies/…/*.m3u8, or the path of what was deleted, or …/* for all"
    )


class InvalidationDone(Shape):
    paths: list[str]
    invalidations: list[str] = Field(description="Ids that CloudFront gave, one for each fifteen paths")
    files: int = Field(description="Removed from the cache folder of an nginx on this machine")


class RotationAsked(Asked):
    revoke: bool = Field(default=False, description="Let what the old keys signed open nothing any more")


class KeyRotated(Shape):
    key: str
    revoked: bool


class CdnSession(Shape):
    cookies: list[str] = Field(description="Names of the cookies that were set; none without CloudFront")
    ends_at: int | None = Field(description="When they end, microseconds since the epoch")


class CdnStats(Shape):
    signed: int
    verified: int = Field(description="Reads at the edge, as far as it asks this server about each")
    refused: int
    origin_reads: int
    hits: int | None = Field(description="None: the edge does not ask this server")
    misses: int
    hit_ratio: float | None
    invalidations: int
    paths_invalidated: int
