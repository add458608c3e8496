"""What a cache can refuse. Trouble with Redis is never an error: the cache goes on without it."""

from __future__ import annotations

from cutroom.core.errors import CutroomError


def bad_key(key: object) -> CutroomError:
    """`cache.bad-key`."""
    return CutroomError("cache.bad-key", f"A cache key is text of 1 to 4000 letters, not {key!r:.80}.")


def bad_url(url: str) -> CutroomError:
    """`cache.bad-url`."""
    scheme = url.partition(":")[0][:20]
    return CutroomError(
        "cache.bad-url",
        f"A cache's Redis URL starts with redis://, rediss:// or unix://, not {scheme!r}.",
        hint="For example redis://127.0.0.1:6379/0.",
    )


def no_hiredis() -> CutroomError:
    """`cache.no-client`."""
    return CutroomError(
        "cache.no-client",
        "The Redis layer of the cache needs the package hiredis.",
        hint="Install it with: pip install 'cutroom[cluster]'.",
    )
