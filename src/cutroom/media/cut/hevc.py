"""The parts of HEVC that joining two encodings needs: NAL units, parameter sets and what may begin a picture.

ITU-T H.265, 7.3 (syntax), 7.4.2.2 (kinds of NAL units), 8.3.1 (picture order count); ISO/IEC 14496-15, 8.3.3 (hvcC).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cutroom.media.cut.bits import BitReader, add_emulation_prevention, strip_emulation_prevention, with_ue
from cutroom.media.cut.h264 import split_units
from cutroom.media.cut.pictures import Access

BLA_N_LP, CRA, VPS, SPS, PPS, PREFIX_SEI, DOLBY_VISION = 18, 21, 32, 33, 34, 39, 62
_FIRST_NON_PICTURE = 32
_IRAP = range(16, 24)
_BROKEN_LINKS = range(16, 19)
_LAST_UNREFERENCED = 14  # even kinds up to here are referred to by nothing of their own temporal layer
# Parameter sets, delimiters, ends of sequence and filler: the joined stream has its own.
_DROPPED = range(32, 39)
_RENUMBERED = range(15, 31)  # PPS numbers written in nine bits, where number 0 takes one: eight more, a whole byte


def kind(unit: bytes) -> int:
    """nal_unit_type."""
    return unit[0] >> 1 & 63


def layer(unit: bytes) -> int:
    """nuh_layer_id: above 0 for alpha, depth or a second eye."""
    return (unit[0] & 1) << 5 | unit[1] >> 3


def access(units: Iterable[bytes]) -> Access:
    """What may begin at a picture: every IRAP picture may, once the pictures that lead it are left out."""
    for unit in units:
        if kind(unit) < _FIRST_NON_PICTURE:
            return Access.SPLICE if kind(unit) in _IRAP else Access.NONE
    return Access.NONE


def is_reference(units: Iterable[bytes], top_layer: int) -> bool:
    """Whether other pictures may refer to this one; `top_layer` is the highest temporal layer of the stream."""
    pictures = [unit for unit in units if kind(unit) < _FIRST_NON_PICTURE]
    return any(kind(u) > _LAST_UNREFERENCED or kind(u) % 2 or (u[1] & 7) - 1 < top_layer for u in pictures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sps:
    """What of a sequence parameter set a decoder configuration repeats."""

    number: int
    number_at: int  # bits of the payload before its number
    vps: int
    layers: int  # temporal
    nested: int  # sps_temporal_id_nesting_flag
    general: bytes  # 12 bytes: profile, tier, compatibility, constraints, level
    chroma: int
    depth_luma: int  # bits less 8
    depth_chroma: int

    @property
    def profile(self) -> int:
        """general_profile_idc: 1 main, 2 main 10, 4 range extensions."""
        return self.general[0] & 31


def parse_sps(unit: bytes) -> Sps:
    """Read a sequence parameter set as far as its sample format. Raises ValueError when it is damaged."""
    payload = strip_emulation_prevention(unit[2:])
    bits = BitReader(unit[2:])
    vps, layers, nested = bits.u(4), bits.u(3) + 1, bits.u(1)
    general = payload[1:13]
    bits.u(96)
    flags = [(bits.u(1), bits.u(1)) for _ in range(layers - 1)]
    bits.u(2 * (9 - layers) if layers > 1 else 0)
    for has_profile, has_level in flags:
        bits.u(88 * has_profile + 8 * has_level)
    number_at = bits.position
    number, chroma = bits.ue(), bits.ue()
    bits.u(1 if chroma == 3 else 0)
    bits.ue(), bits.ue()
    if bits.u(1):
        for _ in range(4):
            bits.ue()
    if number > 15 or chroma > 3:
        raise ValueError("a parameter set's number is out of range")
    return Sps(
        number=number,
        number_at=number_at,
        vps=vps,
        layers=layers,
        nested=nested,
        general=general,
        chroma=chroma,
        depth_luma=bits.ue(),
        depth_chroma=bits.ue(),
    )


@dataclass(slots=True)
class ParameterSets:
    """Parameter sets by their number; `changed` once two of one number differ."""

    vps: dict[int, bytes] = field(default_factory=dict)
    sps: dict[int, bytes] = field(default_factory=dict)
    pps: dict[int, bytes] = field(default_factory=dict)
    changed: bool = False

    def add(self, units: Iterable[bytes]) -> None:
        """Take the parameter sets of the base layer among NAL units."""
        for unit in units:
            if layer(unit):
                continue
            if kind(unit) == VPS:
                self._put(self.vps, unit[2] >> 4, unit)
            elif kind(unit) == SPS:
                self._put(self.sps, parse_sps(unit).number, unit)
            elif kind(unit) == PPS:
                self._put(self.pps, BitReader(unit[2:]).ue(), unit)

    @property
    def complete(self) -> bool:
        """Whether pictures can be decoded with them."""
        return bool(self.vps and self.sps and self.pps and not self.changed)

    def _put(self, sets: dict[int, bytes], number: int, unit: bytes) -> None:
        self.changed = self.changed or sets.setdefault(number, unit) != unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Renumbering:
    """Numbers for one stream's parameter sets, all of them 0 as x265 writes them, that another stream leaves free."""

    vps: int
    sps: int
    pps: int

    def sets(self, units: Iterable[bytes]) -> ParameterSets:
        """The parameter sets among `units` under their new numbers. Raises ValueError when one was not number 0."""
        renumbered = ParameterSets()
        for unit in units:
            if kind(unit) in (VPS, SPS, PPS):
                renumbered.add([self._set(unit)])
        return renumbered

    def slice(self, unit: bytes) -> bytes:
        """A picture's unit, referring to the PPS's new number.

        Number 0 is one bit, and the new one nine, so that everything behind it moves by a whole byte: the header still
        ends where the slice data begins, and no offset into that data changes (7.3.6.1).
        """
        payload = strip_emulation_prevention(unit[2:])
        ahead = 2 if kind(unit) in _IRAP else 1
        if not payload[0] >> 7 - ahead & 1:
            raise ValueError("the encoder numbered its parameter sets otherwise")
        before, rest = payload[0] >> 8 - ahead, payload[0] & (1 << 7 - ahead) - 1
        head = (before << 9 | self.pps + 1) << 7 - ahead | rest
        return unit[:2] + add_emulation_prevention(head.to_bytes(2, "big") + payload[1:])

    def _set(self, unit: bytes) -> bytes:
        payload = strip_emulation_prevention(unit[2:])
        if kind(unit) == PPS:
            if payload[0] >> 6 != 3:
                raise ValueError("the encoder numbered its parameter sets otherwise")
            payload = with_ue(with_ue(payload, 1, self.sps), 0, self.pps)
        else:
            payload = bytes([self.vps << 4 | payload[0] & 15]) + payload[1:]
            if kind(unit) == SPS:
                payload = with_ue(payload, parse_sps(unit).number_at, self.sps)
        return unit[:2] + add_emulation_prevention(payload)


def numbers_beside(sets: ParameterSets) -> Renumbering | None:
    """Numbers that none of `sets` has; None when they are used up."""
    vps = next((n for n in range(15, -1, -1) if n not in sets.vps), None)
    sps = next((n for n in range(15, -1, -1) if n not in sets.sps), None)
    pps = next((n for n in _RENUMBERED if n not in sets.pps), None)
    return None if vps is None or sps is None or pps is None else Renumbering(vps=vps, sps=sps, pps=pps)


def read_configuration(extradata: bytes | None) -> tuple[int, list[bytes]]:
    """Length bytes (0: start codes) and parameter sets of a decoder configuration: hvcC, or Annex B."""
    size = length_bytes(extradata)
    if not extradata or not size:
        return 0, split_units(extradata or b"", 0)
    units, at = [], 23
    for _ in range(extradata[22]):
        count = int.from_bytes(extradata[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            length = int.from_bytes(extradata[at : at + 2], "big")
            units.append(extradata[at + 2 : at + 2 + length])
            at += 2 + length
    return size, [unit for unit in units if len(unit) > 2]


def write_configuration(*sets: ParameterSets) -> bytes:
    """An hvcC with the sets of all given, for units with four length bytes. The first SPS names the profile."""
    facts = [parse_sps(unit) for one in sets for unit in one.sps.values()]
    first = facts[0]
    tier = max(fact.general[0] & 32 for fact in facts)
    level = max(fact.general[11] for fact in facts)
    body = bytes([1, first.general[0] & 0xDF | tier]) + first.general[1:11] + bytes([level])
    body += bytes([0xF0, 0, 0xFC, 0xFC | first.chroma, 0xF8 | first.depth_luma, 0xF8 | first.depth_chroma, 0, 0])
    layers = max(fact.layers for fact in facts)
    body += bytes([layers << 3 | min(fact.nested for fact in facts) << 2 | 3, 3])
    for number, name in ((VPS, "vps"), (SPS, "sps"), (PPS, "pps")):
        units = [unit for one in sets for unit in getattr(one, name).values()]
        body += bytes([0x80 | number]) + len(units).to_bytes(2, "big")
        body += b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)
    return body


def join_units(units: Iterable[bytes]) -> bytes:
    """Units with four length bytes each, less what the joined stream's header already holds."""
    kept = (unit for unit in units if kind(unit) not in _DROPPED)
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in kept)


def broken_link(unit: bytes) -> bytes:
    """A unit of a CRA or BLA picture behind which nothing leading follows, as a stream spliced before it has it.

    A CRA in the middle of a stream continues the count of the pictures before it; a BLA starts anew, and differs in
    nothing but its name (7.4.2.2).
    """
    if kind(unit) == CRA or kind(unit) in _BROKEN_LINKS:
        return bytes([unit[0] & 0x81 | BLA_N_LP << 1]) + unit[1:]
    return unit


def length_bytes(extradata: bytes | None) -> int:
    """Bytes before each NAL unit that say its length, by the decoder configuration (hvcC); 0: start codes."""
    if not extradata or extradata[0] != 1 or len(extradata) < 23:
        return 0
    return (extradata[21] & 3) + 1
