"""How long a value holds, and what it depends on."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How one value is cached. Seconds everywhere.

    A value is fresh for `ttl` (less a random share of it, `jitter`, so that what was filled together does not end
    together). With `stale` it may then be answered for so long while one caller loads a new one in the background, or
    while loading fails. `None` is kept for `negative_ttl`, and not at all where that is 0.
    """

    ttl: float = 300.0
    stale: float = 0.0
    negative_ttl: float = 0.0
    jitter: float = 0.1
    tags: tuple[str, ...] = ()
    type: Any = Any  # what msgspec decodes it to when it comes from Redis
    shared: bool = True  # may go to Redis; False keeps it, as the very object, in this process
    weigh: Callable[[Any], int] | None = None  # bytes of a value; estimated where it is None

    def __post_init__(self) -> None:
        """Refuse what can never be meant."""
        if not (self.ttl > 0 and self.stale >= 0 and self.negative_ttl >= 0 and 0 <= self.jitter < 1):
            raise ValueError("a plan's ttl is positive, its other times are not negative, its jitter is below 1")

    def seconds(self, value: Any) -> float:
        """How long this value is fresh; 0: it is not kept."""
        ttl = self.negative_ttl if value is None else self.ttl
        return ttl * (1 - self.jitter * random.random())  # noqa: S311 (not a secret)


DEFAULT = Plan()
