"""The store on the wire."""

from __future__ import annotations

from pydantic import Field

from cutroom.api.schemas.base import Asked, Shape


class KindUsage(Shape):
    kind: str = Field(description="originals, previews, proxies or clips")
    objects: int
    bytes: int


class StorageUsage(Shape):
    kinds: list[KindUsage]
    objects: int
    bytes: int


class SweepAsked(Asked):
    dry_run: bool = True


class StorageSwept(Shape):
    dry_run: bool
    proxies_expired: int
    clips_expired: int
    orphans: int = Field(description="Objects that nothing refers to")
    orphan_bytes: int
    orphan_owners: list[str] = Field(description="The first of the folders they were in")
    unfinished: int = Field(description="Files and uploads in parts that never ended")
