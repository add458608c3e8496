"""What the memory layer keeps for a key."""

from __future__ import annotations

from typing import Any, Final


class Stamp:
    """A tag's version, which changes at each invalidation; an entry is valid while its own versions still hold."""

    __slots__ = ("__weakref__", "changes", "tag", "version")

    def __init__(self, tag: str, version: object) -> None:
        self.tag = tag
        self.version = version
        self.changes = 0  # how often it was invalidated: what was asked before one may not be learnt after it


class Entry:
    """A cached value. Times are `time.monotonic()` seconds, sizes bytes."""

    __slots__ = (
        "dead_at",
        "fresh_until",
        "group",
        "hits",
        "key",
        "newer",
        "older",
        "place",
        "seen_hits",
        "size",
        "stamps",
        "value",
    )

    def __init__(
        self,
        key: str,
        value: Any,
        size: int,
        fresh_until: float,
        dead_at: float,
        stamps: tuple[tuple[Stamp, object], ...] = (),
        group: str = "",
    ) -> None:
        self.key = key
        self.value = value
        self.size = size
        self.fresh_until = fresh_until  # until then it is answered without a question
        self.dead_at = dead_at  # until then it may be answered while, or when, a new one cannot be had
        self.stamps = stamps  # each with the version it had before the value was loaded
        self.group = group
        self.hits = 0
        self.seen_hits = 0  # as the policy last saw them
        self.newer: Entry | None = None
        self.older: Entry | None = None
        self.place = 0  # which of a policy's queues, or where in its list

    def holds(self) -> bool:
        """Whether none of its tags was invalidated since before it was loaded."""
        return all(stamp.version is version for stamp, version in self.stamps)


class _Missing:
    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()
"""What a lookup answers when there is nothing: `None`, `[]`, `0` and `""` are values like any other."""
