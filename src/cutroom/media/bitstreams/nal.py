"""H.264 and HEVC: lengths tile the sample, and no NAL unit holds 00 00 00, 00 00 01 or 00 00 02."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cutroom.media.bitstreams.h264 import FrameNumbers
from cutroom.media.bitstreams.problem import BAD_HEADER, BROKEN_LENGTHS, FORBIDDEN_BYTES, FRAME_MISSING, Problem

_FORBIDDEN = re.compile(rb"\x00\x00(?:[\x00-\x02]|\x03[\x04-\xff])")
_PADDING = re.compile(rb"[\x00\x03]*(?:\x01(?:[\x0a\x0b]|[\x48\x4a]\x01)\x00*)?")
_START = re.compile(rb"\x00\x00\x01")
_TRAILING = 64  # zero bytes behind a NAL unit that some writers leave
_LENGTHS = Problem(BROKEN_LENGTHS, "the lengths of its NAL units do not add up")
_BYTES = Problem(FORBIDDEN_BYTES, "a NAL unit holds bytes that cannot occur in one")
_HEADER = Problem(BAD_HEADER, "a NAL unit has an impossible header")
_MISSING = Problem(FRAME_MISSING, "frames that it refers to are missing before it")


def restarts(data: bytes, codec: str) -> bool:
    """Whether a packet (of either framing) holds an IDR picture, behind which nothing older is referred to."""
    units = _tile(data, 4) if data[:4] != b"\0\0\0\1" and data[:3] != b"\0\0\1" else list(_annexb(data))
    if codec == "hevc":
        return any(data[start] >> 1 & 63 in (19, 20) for start, _ in units or ())
    return any(data[start] & 31 == 5 for start, _ in units or ())


class NalCheck:
    """Checks one stream's packets; `length_size` 0 means start codes (Annex B)."""

    def __init__(self, codec: str, extradata: bytes) -> None:
        self._hevc = codec == "hevc"
        self._length_size = _length_size(extradata, hevc=self._hevc)
        self._numbers = None if self._hevc else FrameNumbers()
        if self._numbers and extradata[:1] == b"\x01":
            for unit in _configured_units(extradata):
                self._numbers.feed(unit)
        elif self._numbers:
            for start, end in _annexb(extradata):
                self._numbers.feed(extradata[start:end])

    def __call__(self, data: bytes, key: bool) -> Problem | None:
        if self._length_size and data[:4] != b"\0\0\0\1":
            units: list[tuple[int, int]] | None = _tile(data, self._length_size)
        else:
            units = list(_annexb(data))
        if not units:
            return _LENGTHS
        for start, end in units:
            if not self._header_ok(data, start, end):
                return _HEADER
            if (found := _FORBIDDEN.search(data, start, end)) and not _closing(data, found.start(), end):
                return _BYTES
        if self._numbers and self._numbers.missing([data[start : start + 64] for start, end in units], key):
            return _MISSING
        return None

    def _header_ok(self, data: bytes, start: int, end: int) -> bool:
        first = data[start]
        if first & 0x80:
            return False
        if not self._hevc:
            kind = first & 31
            # An IDR slice, SPS or PPS is always a reference; SEI, delimiter, end and filler never are.
            return not (kind in (5, 7, 8) and not first & 0x60) and not (kind in (9, 10, 11, 12) and first & 0x60)
        return end - start >= 2 and bool(data[start + 1] & 7)


def _tile(data: bytes, size: int) -> list[tuple[int, int]] | None:
    """Start and end of every NAL unit, or None when the lengths do not end where the sample does."""
    units, position, total = [], 0, len(data)
    while position + size <= total:
        length = int.from_bytes(data[position : position + size], "big")
        position += size
        if position + length > total:
            return None
        if length:
            units.append((position, position + length))
        elif any(data[position:]):
            return None
        position += length
    return units if position == total or not any(data[position:]) else None


def _annexb(data: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of every NAL unit between start codes; the zeros before a start code belong to it."""
    starts = [match.end() for match in _START.finditer(data)]
    if starts and data[: starts[0] - 3].strip(b"\0"):
        yield 0, starts[0] - 3
    for index, start in enumerate(starts):
        end = starts[index + 1] - 3 if index + 1 < len(starts) else len(data)
        if end > start and not data[end - 1]:
            stripped = start + len(data[start:end].rstrip(b"\0"))
            end = stripped if end - stripped <= _TRAILING else end
        if end > start:
            yield start, end


def _closing(data: bytes, at: int, end: int) -> bool:
    """Whether only padding follows: zeros, a closing 00 00 03, or an end-of-sequence unit that some writers append."""
    return end - at <= _TRAILING and _PADDING.fullmatch(data, at, end) is not None


def _length_size(extradata: bytes, *, hevc: bool) -> int:
    if extradata[:1] != b"\x01":
        return 0
    place = 21 if hevc else 4
    return (extradata[place] & 3) + 1 if len(extradata) > place else 4


def _configured_units(extradata: bytes) -> Iterator[bytes]:
    """The parameter sets of an avcC record."""
    position = 5
    for mask in (31, 255):
        count = extradata[position] & mask if position < len(extradata) else 0
        position += 1
        for _ in range(count):
            length = int.from_bytes(extradata[position : position + 2], "big")
            yield extradata[position + 2 : position + 2 + length]
            position += 2 + length
