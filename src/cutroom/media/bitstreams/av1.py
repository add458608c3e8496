"""AV1: OBU headers are sound and their sizes tile the temporal unit."""

from __future__ import annotations

from cutroom.media.bitstreams.problem import BAD_HEADER, BROKEN_LENGTHS, Problem
from cutroom.media.bitstreams.zeros import zero_run

_KNOWN = {1, 2, 3, 4, 5, 6, 7, 8, 15}
_HEADER = Problem(BAD_HEADER, "an OBU has an impossible header")
_LENGTHS = Problem(BROKEN_LENGTHS, "the sizes of its OBUs do not add up")


def check_av1(data: bytes, key: bool) -> Problem | None:
    """Check one temporal unit in the low-overhead format."""
    position, pictures, total = 0, 0, len(data)
    while position < total:
        first = data[position]
        kind = first >> 3 & 15
        if first & 0x81 or kind not in _KNOWN:
            return _HEADER
        position += 2 if first & 4 else 1
        if not first & 2:
            position = total  # only the last OBU may go without a size
        else:
            size, position = _leb128(data, position)
            if size is None or position + size > total:
                return _LENGTHS
            position += size
        pictures += kind in (3, 6)
    if not pictures:
        return Problem(BAD_HEADER, "it holds no picture")
    return zero_run(data)


def _leb128(data: bytes, position: int) -> tuple[int | None, int]:
    value = 0
    for index in range(8):
        if position >= len(data):
            return None, position
        byte = data[position]
        position += 1
        value |= (byte & 127) << 7 * index
        if not byte & 128:
            return value, position
    return None, position
