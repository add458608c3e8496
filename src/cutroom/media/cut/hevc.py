"""What may begin at an HEVC picture (ITU-T H.265, 7.4.2.2; ISO/IEC 14496-15, 8.3.3)."""

from __future__ import annotations

from collections.abc import Iterable

from cutroom.media.cut.h264 import split_units
from cutroom.media.cut.pictures import Access

_FIRST_NON_PICTURE = 32
_IRAP = range(16, 24)

__all__ = ["access", "length_bytes", "split_units"]


def access(units: Iterable[bytes]) -> Access:
    """What may begin at a picture: every IRAP picture may, once the pictures that lead it are left out."""
    for unit in units:
        kind = unit[0] >> 1 & 63
        if kind < _FIRST_NON_PICTURE:
            return Access.SPLICE if kind in _IRAP else Access.NONE
    return Access.NONE


def length_bytes(extradata: bytes | None) -> int:
    """Bytes before each NAL unit that say its length, by the decoder configuration (hvcC); 0: start codes."""
    if not extradata or extradata[0] != 1 or len(extradata) < 23:
        return 0
    return (extradata[21] & 3) + 1
