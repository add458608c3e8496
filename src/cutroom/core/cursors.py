"""Cursors of keyset pages: where the next page begins, as one opaque word that belongs to one question.

A cursor carries a check over the question and the place. One of another list, of the same list asked otherwise, or one
that was altered is refused, instead of answered with rows that do not follow on from anything.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any, TypeVar

import msgspec

from cutroom.core.errors import CutroomError

Place = TypeVar("Place", bound=tuple[Any, ...])
_MOST = (1 << 63) - 1
_CHECK_BYTES = 9


def to_cursor(place: tuple[Any, ...], *, of: object) -> str:
    """The cursor of the page after `place` (numbers and text) of the list that `of` describes.

    `of` is everything the list depends on besides who looks: anything that msgspec turns into JSON.
    """
    said = msgspec.json.encode(place)
    return base64.urlsafe_b64encode(_check(said, of) + said).decode().rstrip("=")


def from_cursor(text: str, shape: type[Place], *, of: object, code: str) -> Place:
    """The place, a `shape` such as `tuple[int, str]`; raises `code` for what is no cursor of this very list."""
    try:
        given = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        check, said = given[:_CHECK_BYTES], given[_CHECK_BYTES:]
        place: Place = msgspec.json.decode(said, type=shape)
        if check != _check(said, of) or any(isinstance(one, int) and abs(one) > _MOST for one in place):
            raise ValueError("a cursor of something else")
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise CutroomError(
            code,
            f"{text[:100]!r} is not the cursor of a page of this list.",
            hint="Take `next` of the page before, and ask the same question; or leave `after` out to begin anew.",
        ) from None
    return place


def _check(said: bytes, of: object) -> bytes:
    return hashlib.blake2b(msgspec.json.encode(of) + b"\0" + said, digest_size=_CHECK_BYTES).digest()
