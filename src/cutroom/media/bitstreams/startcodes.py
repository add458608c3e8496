"""Video with start codes: three zero bytes occur only before one. And MPEG-4 part 2, which has little more to check."""

from __future__ import annotations

import re

from cutroom.media.bitstreams.problem import BAD_HEADER, FORBIDDEN_BYTES, Problem

_ZEROS = re.compile(rb"\x00\x00\x00+(?![\x00\x01])")
_CODES = re.compile(rb"\x00\x00\x01(.)", re.DOTALL)
_MPEG4 = {*range(0x30), *range(0xB0, 0xB8)}
_BYTES = Problem(FORBIDDEN_BYTES, "it holds zero bytes that cannot occur in coded video")
_UNKNOWN = Problem(BAD_HEADER, "it holds an impossible start code")


def check_mpeg4(data: bytes, key: bool) -> Problem | None:
    """The packet begins with a start code, and only known ones occur."""
    if len(data) < 8:
        return None  # a placeholder of packed B-frames
    if stray_zeros(data):
        return _BYTES
    codes = [match[1][0] for match in _CODES.finditer(data)]
    if not codes or not _MPEG4.issuperset(codes) or data[:3] != b"\0\0\1":
        return _UNKNOWN
    return None


def stray_zeros(data: bytes) -> bool:
    """Whether three zeros stand before something else than a start code or the end."""
    return any(match.end() < len(data) for match in _ZEROS.finditer(data))
