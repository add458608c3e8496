"""VP8 and VP9: frame markers, start codes, and the superframe index."""

from __future__ import annotations

from cutroom.media.bitstreams.problem import BAD_HEADER, BROKEN_LENGTHS, Problem
from cutroom.media.bitstreams.zeros import zero_run

_STILL_ZEROS = 128
_MARKER = Problem(BAD_HEADER, "it has no valid frame header")


def check_vp9(data: bytes, key: bool) -> Problem | None:
    """Frame marker 2, the sync code of keyframes, and sizes of a superframe that fit."""
    if not data or data[0] >> 6 != 2:
        return _MARKER
    first = data[0]
    profile = (first >> 5 & 1) | (first >> 4 & 1) << 1
    if profile < 3 and not first >> 3 & 1:
        intra = not first >> 2 & 1
        if intra and data[1:4] != b"\x49\x83\x42":
            return _MARKER
        if intra != key and key:
            return _MARKER
    last = data[-1]
    if last >> 5 == 6:
        count, width = (last & 7) + 1, (last >> 3 & 3) + 1
        index = 2 + count * width
        if len(data) >= index and data[-index] == last:
            body = data[-index + 1 : -1]
            sizes = [int.from_bytes(body[at : at + width], "little") for at in range(0, count * width, width)]
            if sum(sizes) > len(data) - index:
                return Problem(BROKEN_LENGTHS, "the sizes of its frames do not add up")
    return zero_run(data)


def check_vp8(data: bytes, key: bool) -> Problem | None:
    """The frame tag: the first partition fits, and keyframes carry the start code."""
    if len(data) < 3:
        return _MARKER if data else None
    tag = int.from_bytes(data[:3], "little")
    intra, version, first_size = not tag & 1, tag >> 1 & 7, tag >> 5
    if version > 3 or first_size > len(data) or (intra and data[3:6] != b"\x9d\x01\x2a") or (key and not intra):
        return _MARKER
    # A still picture is coded in partitions that may begin with dozens of zeros.
    return zero_run(data, _STILL_ZEROS)
