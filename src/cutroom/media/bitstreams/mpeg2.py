"""MPEG-1 and MPEG-2 video: headers hold what they may, slices come in order, and no picture of a group is missing."""

from __future__ import annotations

import re

from cutroom.media.bitstreams.problem import BAD_HEADER, FORBIDDEN_BYTES, FRAME_MISSING, Problem
from cutroom.media.bitstreams.startcodes import stray_zeros

_CODES = re.compile(rb"\x00\x00\x01(.)", re.DOTALL)
_KNOWN = {*range(0xB0), 0xB2, 0xB3, 0xB5, 0xB7, 0xB8}
_TALL = 2800  # lines from which a slice header begins with more bits of its row
_WRAP = 1024
_BYTES = Problem(FORBIDDEN_BYTES, "it holds zero bytes that cannot occur in coded video")
_UNKNOWN = Problem(BAD_HEADER, "it holds an impossible start code")
_ORDER = Problem(BAD_HEADER, "its slices are out of order")
_GONE = Problem(BAD_HEADER, "slices of it are missing")
_SLICE = Problem(BAD_HEADER, "a slice has an impossible header")
_PICTURE = Problem(BAD_HEADER, "it has an impossible picture header")
_MISSING = Problem(FRAME_MISSING, "a picture of the group before it is missing")


class MpegVideoCheck:
    """Checks one stream's packets in decoding order."""

    def __init__(self) -> None:
        self._rows = 0  # macroblock rows of a frame; 0 until a sequence header was read
        self._mpeg1 = False  # only there may a slice run over several rows
        self._group: set[int] | None = None  # temporal references met since a group header

    def __call__(self, data: bytes, key: bool) -> Problem | None:
        if stray_zeros(data):
            return _BYTES
        codes = [(match.start(), match[1][0]) for match in _CODES.finditer(data)]
        if not codes or not _KNOWN.issuperset(code for _, code in codes):
            return _UNKNOWN
        self._sequence(data, codes)
        return self._slices(data, codes) or self._pictures(data, codes)

    def _sequence(self, data: bytes, codes: list[tuple[int, int]]) -> None:
        for index, (at, code) in enumerate(codes):
            if code == 0xB3 and at + 8 <= len(data):
                height = (data[at + 5] & 15) << 8 | data[at + 6]
                self._rows = (height + 15) // 16
                self._mpeg1 = index + 1 < len(codes) and codes[index + 1][1] != 0xB5

    def _slices(self, data: bytes, codes: list[tuple[int, int]]) -> Problem | None:
        """From top to bottom, and in MPEG-2 at least one for each row."""
        row, tall = 0, self._rows * 16 > _TALL
        for at, code in codes:
            if code == 0:
                row = 0
            elif code < 0xB0:
                if code < row:
                    return _ORDER
                if code > row + 1 and not self._mpeg1 and not tall:
                    return _GONE
                # A quantiser scale of zero does not exist.
                if not tall and (at + 4 >= len(data) or not data[at + 4] >> 3):
                    return _SLICE
                row = code
        return None

    def _pictures(self, data: bytes, codes: list[tuple[int, int]]) -> Problem | None:
        """Picture types exist, and between two group headers the display order has no hole.

        Pictures shown before a group's first one may be left out: a cut does that.
        """
        found = None
        for at, code in codes:
            if code == 0xB8:
                found = found or self._hole()
                self._group = set()
            elif code == 0 and at + 6 <= len(data):
                if not 1 <= data[at + 5] >> 3 & 7 <= 4:
                    return _PICTURE
                if self._group is not None:
                    self._group.add(data[at + 4] << 2 | data[at + 5] >> 6)
            elif code == 0xB7:
                self._group = None
        return found

    def _hole(self) -> Problem | None:
        group = self._group
        if not group or len(group) > _WRAP // 2:
            return None
        return _MISSING if max(group) - min(group) >= len(group) else None
