"""The parts of HEVC that joining two encodings needs (ITU-T H.265, 7.3 and 7.4.2.2; ISO/IEC 14496-15, 8.3.3)."""

from __future__ import annotations

from collections.abc import Iterable

from cutroom.media.cut.h264 import split_units
from cutroom.media.cut.pictures import Access

VPS, SPS, PPS, DELIMITER, END_OF_SEQUENCE, END_OF_STREAM, FILLER, PREFIX_SEI = 32, 33, 34, 35, 36, 37, 38, 39
BLA_N_LP, IDR_W_RADL, IDR_N_LP, CRA = 18, 19, 20, 21

__all__ = ["access", "kind_of", "read_configuration", "split_units"]


def kind_of(unit: bytes) -> int:
    """nal_unit_type."""
    return unit[0] >> 1 & 63


def access(units: Iterable[bytes]) -> Access:
    """What may begin at a picture: every IRAP picture may, once the pictures that lead it are left out."""
    for unit in units:
        kind = kind_of(unit)
        if kind < VPS:
            return Access.SPLICE if 16 <= kind <= CRA else Access.NONE
    return Access.NONE


def read_configuration(extradata: bytes | None) -> tuple[int, list[bytes]]:
    """Length bytes (0: start codes) and parameter sets of a decoder configuration: hvcC, or Annex B."""
    if not extradata or extradata[0] != 1 or len(extradata) < 23:
        return 0, split_units(extradata or b"", 0)
    units, at = [], 23
    for _ in range(extradata[22]):
        count = int.from_bytes(extradata[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            units.append(extradata[at + 2 : at + 2 + size])
            at += 2 + size
    return (extradata[21] & 3) + 1, units
