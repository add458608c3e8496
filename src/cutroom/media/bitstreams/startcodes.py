"""MPEG-1, MPEG-2 and MPEG-4 video: three zero bytes occur only before a start code."""

from __future__ import annotations

import re

from cutroom.media.bitstreams.problem import BAD_HEADER, FORBIDDEN_BYTES, Problem

_ZEROS = re.compile(rb"\x00\x00\x00+(?![\x00\x01])")
_CODES = re.compile(rb"\x00\x00\x01(.)", re.DOTALL)
_MPEG2 = {*range(0xB0), 0xB2, 0xB3, 0xB5, 0xB7, 0xB8}
_MPEG4 = {*range(0x30), *range(0xB0, 0xB8)}
_BYTES = Problem(FORBIDDEN_BYTES, "it holds zero bytes that cannot occur in coded video")
_UNKNOWN = Problem(BAD_HEADER, "it holds an impossible start code")


def check_mpeg2(data: bytes, key: bool) -> Problem | None:
    """Start codes are known, slices come in order from top to bottom, and none of them is left out."""
    if _stray_zeros(data):
        return _BYTES
    codes = [match[1][0] for match in _CODES.finditer(data)]
    if not codes or not _MPEG2.issuperset(codes):
        return _UNKNOWN
    row = 0
    for code in codes:
        if code == 0:
            row = 0
        elif code < 0xB0:
            if code < row:
                return Problem(BAD_HEADER, "its slices are out of order")
            if code > row + 1:
                return Problem(BAD_HEADER, "slices of it are missing")
            row = code
    return None


def check_mpeg4(data: bytes, key: bool) -> Problem | None:
    """The packet begins with a start code, and only known ones occur."""
    if len(data) < 8:
        return None  # a placeholder of packed B-frames
    if _stray_zeros(data):
        return _BYTES
    codes = [match[1][0] for match in _CODES.finditer(data)]
    if not codes or not _MPEG4.issuperset(codes) or data[:3] != b"\0\0\1":
        return _UNKNOWN
    return None


def _stray_zeros(data: bytes) -> bool:
    """Whether three zeros stand before something else than a start code or the end."""
    return any(match.end() < len(data) for match in _ZEROS.finditer(data))
