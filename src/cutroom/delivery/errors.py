"""Errors of delivery."""

from __future__ import annotations

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.delivery.models import Refusal

_SAID = {
    Refusal.MALFORMED: "This is no signed address.",
    Refusal.UNKNOWN_KEY: "The key that signed this address is not in use any more.",
    Refusal.EXPIRED: "This address was good for a while only, and that is over.",
    Refusal.BAD_SIGNATURE: "The signature is not one of this address.",
}


def refused(reason: Refusal) -> CutroomError:
    """The error for an address whose signature is not good."""
    hint = "Open the video again: its page has a new address."
    return CutroomError(f"delivery.{reason.value}", _SAID[reason], hint=hint, kind=ErrorKind.FORBIDDEN)


def bad_path(path: str, why: str) -> CutroomError:
    """The error for a path that cannot be invalidated."""
    return CutroomError(
        "delivery.bad-path",
        f"{path[:200]!r} cannot be invalidated: {why}.",
        hint="Name playlists (/proxies/…/*.m3u8), or objects that have been deleted.",
    )
