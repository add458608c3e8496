"""Cursors of keyset pages: the last row's sort key and id, as one opaque word."""

from __future__ import annotations

import base64
import binascii

import msgspec

from cutroom.core.errors import CutroomError

_MOST = (1 << 63) - 1


def to_cursor(key: str | float, row_id: str) -> str:
    """The cursor of the page after this row."""
    return base64.urlsafe_b64encode(msgspec.json.encode([key, row_id])).decode().rstrip("=")


def from_cursor(text: str, key_type: type[int] | type[float] | type[str]) -> tuple[int | float | str, str]:
    """The key and id; raises `library.bad-cursor`, also for the cursor of a list in another order."""
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        key, row_id = msgspec.json.decode(decoded, type=tuple[key_type, str])  # type: ignore[valid-type]
        if isinstance(key, int) and not -_MOST <= key <= _MOST:
            raise ValueError("no integer of a database")
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise CutroomError("library.bad-cursor", f"{text!r} is not the cursor of a page of this list.") from None
    return key, row_id
