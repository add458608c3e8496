"""The most-significant-bit-first CRC-32 of MPEG-TS tables and Ogg pages, at zlib's speed.

zlib computes the bit-reflected twin: reversing the bits of every byte on the way in and of the sum on the way out
turns one into the other.
"""

from __future__ import annotations

import zlib

_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def crc32_forward(data: bytes, initial: int) -> int:
    """CRC-32 with polynomial 0x04C11DB7, no reflection and no final inversion; `initial` is 0 or 0xFFFFFFFF."""
    start = 0 if initial else 0xFFFFFFFF
    reflected = zlib.crc32(data.translate(_REVERSED), start) ^ 0xFFFFFFFF
    return int(f"{reflected:032b}"[::-1], 2)
