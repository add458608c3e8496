"""The parts of H.264 that joining two encodings needs: NAL units, parameter sets and what may begin a picture.

ITU-T H.264, 7.3 (syntax), Annex B (start codes); ISO/IEC 14496-15, 5.3.3 (avcC).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cutroom.media.cut.bits import BitReader
from cutroom.media.cut.pictures import Access
from cutroom.media.cut.sei import messages
from cutroom.media.cut.sps import parse_sps, sample_format

IDR_SLICE, SEI, SPS, PPS = 5, 6, 7, 8
_RECOVERY_POINT = 6
# Parameter sets (and their extensions), delimiters, ends of sequence and filler: the joined stream has its own.
_DROPPED = {7, 8, 9, 10, 11, 12, 13, 15}
_START_CODE = re.compile(rb"\x00\x00\x01")


@dataclass(slots=True)
class ParameterSets:
    """Parameter sets by their number; `changed` once two of one number differ."""

    sps: dict[int, bytes] = field(default_factory=dict)
    pps: dict[int, bytes] = field(default_factory=dict)
    changed: bool = False

    def add(self, units: Iterable[bytes]) -> None:
        """Take the parameter sets among NAL units."""
        for unit in units:
            kind = unit[0] & 31
            if kind == SPS:
                self._put(self.sps, parse_sps(unit).number, unit)
            elif kind == PPS:
                self._put(self.pps, BitReader(unit[1:]).ue(), unit)

    def _put(self, sets: dict[int, bytes], number: int, unit: bytes) -> None:
        self.changed = self.changed or sets.setdefault(number, unit) != unit

    def free_number(self) -> int | None:
        """A number from 1 to 31 that no set of either kind has."""
        return next((n for n in range(1, 32) if n not in self.sps and n not in self.pps), None)


def split_units(data: bytes, length_bytes: int) -> list[bytes]:
    """The NAL units of an access unit; `length_bytes` 0 means start codes."""
    if length_bytes:
        return _split_lengths(data, length_bytes)
    marks = [found.start() for found in _START_CODE.finditer(data)]
    ends = [*marks[1:], len(data)]
    # Zero bytes before the next start code belong to it and not to the unit.
    return [unit for a, b in zip(marks, ends, strict=True) if (unit := data[a + 3 : b].rstrip(b"\0"))]


def _split_lengths(data: bytes, length_bytes: int) -> list[bytes]:
    units, at = [], 0
    while at + length_bytes <= len(data):
        size = int.from_bytes(data[at : at + length_bytes], "big")
        at += length_bytes
        if size > len(data) - at:
            raise ValueError("a NAL unit is longer than its packet")
        if size:
            units.append(data[at : at + size])
        at += size
    return units


def read_configuration(extradata: bytes | None) -> tuple[int, list[bytes]]:
    """Length bytes (0: start codes) and parameter sets of a decoder configuration: avcC, or Annex B."""
    if not extradata or extradata[0] != 1:
        return 0, split_units(extradata or b"", 0)
    units, at = [], 6
    for count in (extradata[5] & 31, None):
        total = extradata[at] if count is None else count
        at += 1 if count is None else 0
        for _ in range(total):
            size = int.from_bytes(extradata[at : at + 2], "big")
            units.append(extradata[at + 2 : at + 2 + size])
            at += 2 + size
    return (extradata[4] & 3) + 1, units


def write_configuration(*sets: ParameterSets) -> bytes:
    """An avcC with the sets of all given, for units with four length bytes. The first SPS names profile and level."""
    sps = [unit for one in sets for unit in one.sps.values()]
    pps = [unit for one in sets for unit in one.pps.values()]
    level = max(unit[3] for unit in sps)
    body = bytes([1, sps[0][1], sps[0][2], level, 0xFF, 0xE0 | len(sps)])
    body += b"".join(len(unit).to_bytes(2, "big") + unit for unit in sps)
    body += bytes([len(pps)]) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in pps)
    if sps[0][1] in (100, 110, 122, 144):
        chroma, depth_luma, depth_chroma = sample_format(sps[0])
        body += bytes([0xFC | chroma, 0xF8 | depth_luma, 0xF8 | depth_chroma, 0])
    return body


def join_units(units: Iterable[bytes]) -> bytes:
    """Units with four length bytes each, less what the joined stream's header already holds."""
    kept = (unit for unit in units if (unit[0] & 31) not in _DROPPED)
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in kept)


def access(units: Sequence[bytes]) -> Access:
    """What may begin at a picture that the container calls a key picture.

    A copy, if it is an IDR, behind which no later picture reaches; decoding, if a recovery point message promises that
    everything shown from it on is right; else nothing.
    """
    if next((unit[0] & 31 == IDR_SLICE for unit in units if 1 <= unit[0] & 31 <= 5), False):
        return Access.SPLICE
    recovers = any(_recovery_frames(unit) == 0 for unit in units if unit[0] & 31 == SEI)
    return Access.KEY if recovers else Access.NONE


def is_reference(units: Iterable[bytes]) -> bool:
    """Whether other pictures may refer to this one."""
    return any(unit[0] & 0x60 for unit in units if 1 <= unit[0] & 31 <= 5)


def _recovery_frames(unit: bytes) -> int | None:
    """recovery_frame_cnt of an SEI unit; None when it holds no recovery point."""
    for kind, content in messages(unit[1:]):
        if kind == _RECOVERY_POINT:
            return BitReader(content, escaped=False).ue()
    return None
