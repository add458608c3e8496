"""H.264 sequence parameter sets: reading what decides whether pictures can be joined, and adding what is missing.

ITU-T H.264, 7.3.2.1.1 (the set), E.1.1 (its usability information), A.3.1 (how many frames a level holds).
"""

from __future__ import annotations

from dataclasses import dataclass

from cutroom.media.cut.bits import BitReader, add_emulation_prevention

_HIGH_PROFILES = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}
_LEVEL_MACROBLOCKS = {  # MaxDpbMbs of table A-1
    9: 396, 10: 396, 11: 900, 12: 2376, 13: 2376, 20: 2376, 21: 4752, 22: 8100, 30: 8100, 31: 18000, 32: 20480,
    40: 32768, 41: 32768, 42: 34816, 50: 110400, 51: 184320, 52: 184320, 60: 696320, 61: 696320, 62: 696320,
}  # fmt: skip


Color = tuple[int, int, int, int]
"""Range (0 unsaid, 1 limited, 2 full), primaries, transfer and matrix, numbered as in ITU-T H.273."""

UNSPECIFIED: Color = (0, 2, 2, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class StampSyntax:
    """What a picture timing message needs from its parameter set to be read."""

    delay_bits: int  # of the two delays before pic_struct, together
    offset_bits: int  # time_offset_length


@dataclass(frozen=True, slots=True, kw_only=True)
class Sps:
    """What of a sequence parameter set decides whether pictures can be joined."""

    number: int  # seq_parameter_set_id
    profile: int
    level: int
    references: int  # max_num_ref_frames
    macroblocks: int  # of a frame
    frames_only: bool  # False: field-coded pictures may occur
    reorder: int | None  # num_reorder_frames; None when the stream does not say
    color: Color
    usable_bits: int  # bits before vui_parameters_present_flag
    said_bits: int | None  # bits before bitstream_restriction_flag; None without usability information
    stamps: StampSyntax | None  # how pictures carry a time of day; None: they do not


def parse_sps(unit: bytes) -> Sps:
    """Read a sequence parameter set. Raises ValueError when it is damaged."""
    bits = BitReader(unit[1:])
    profile, _, level = bits.u(8), bits.u(8), bits.u(8)
    number = bits.ue()
    if number > 31:
        raise ValueError("a parameter set's number is out of range")
    if profile in _HIGH_PROFILES:
        _skip_high(bits)
    bits.ue()  # log2_max_frame_num
    _skip_order_count(bits)
    references, _, width, height = bits.ue(), bits.u(1), bits.ue() + 1, bits.ue() + 1
    frames_only = bool(bits.u(1))
    if not frames_only:
        bits.u(1)
    bits.u(1)
    if bits.u(1):
        for _ in range(4):
            bits.ue()
    usable_bits = bits.position
    said_bits, reorder, color, stamps = _read_usability(bits) if bits.u(1) else (None, None, UNSPECIFIED, None)
    return Sps(
        number=number,
        profile=profile,
        level=level,
        references=references,
        macroblocks=width * height * (1 if frames_only else 2),
        frames_only=frames_only,
        reorder=reorder,
        color=color,
        usable_bits=usable_bits,
        said_bits=said_bits,
        stamps=stamps,
    )


def with_reorder(unit: bytes, depth: int) -> bytes:
    """The same set, saying that at most `depth` frames are shown after one that is decoded later.

    A set that does not say so leaves decoders to guess from what they have seen. How many frames a decoder holds stays
    what the level means, so nothing else changes.
    """
    sps = parse_sps(unit)
    if sps.reorder is not None:
        return unit
    bits = BitReader(unit[1:])
    if sps.said_bits is None:
        text = f"{bits.u(sps.usable_bits):0{sps.usable_bits}b}" + "1" + "0" * 8
    else:
        text = f"{bits.u(sps.said_bits):0{sps.said_bits}b}"
    held = min(16, _LEVEL_MACROBLOCKS.get(sps.level, 696320) // sps.macroblocks)
    held = max(held, sps.references, depth)
    text += "1" + "1" + "".join(_ue(value) for value in (0, 0, 16, 16, depth, held))
    text += "1"
    text += "0" * (-len(text) % 8)
    return unit[:1] + add_emulation_prevention(int(text, 2).to_bytes(len(text) // 8, "big"))


def _ue(value: int) -> str:
    return f"{value + 1:0{2 * (value + 1).bit_length() - 1}b}"


def sample_format(unit: bytes) -> tuple[int, int, int]:
    """chroma_format_idc and the bit depths less 8 of a high-profile SPS."""
    bits = BitReader(unit[4:])
    bits.ue()
    chroma = bits.ue()
    if chroma == 3:
        bits.u(1)
    return chroma, bits.ue(), bits.ue()


def _skip_high(bits: BitReader) -> None:
    chroma = bits.ue()
    if chroma == 3:
        bits.u(1)
    bits.ue(), bits.ue(), bits.u(1)
    if not bits.u(1):
        return
    for index in range(12 if chroma == 3 else 8):
        if bits.u(1):
            last = following = 8
            for _ in range(16 if index < 6 else 64):
                if following:
                    following = (last + bits.se()) % 256
                last = following or last


def _skip_order_count(bits: BitReader) -> None:
    kind = bits.ue()
    if kind == 0:
        bits.ue()
    elif kind == 1:
        bits.u(1), bits.se(), bits.se()
        for _ in range(min(bits.ue(), 255)):
            bits.se()


def _read_usability(bits: BitReader) -> tuple[int, int | None, Color, StampSyntax | None]:
    """Where bitstream_restriction_flag stands, num_reorder_frames behind it, the colours, and how stamps are read."""
    if bits.u(1) and bits.u(8) == 255:
        bits.u(32)
    if bits.u(1):
        bits.u(1)
    color = _read_color(bits) if bits.u(1) else UNSPECIFIED
    if bits.u(1):
        bits.ue(), bits.ue()
    if bits.u(1):
        bits.u(32), bits.u(32), bits.u(1)
    timed = [_read_buffering(bits) for _ in range(2) if bits.u(1)]
    if timed:
        bits.u(1)
    delay_bits, offset_bits = timed[-1] if timed else (0, 24)
    stamps = StampSyntax(delay_bits=delay_bits, offset_bits=offset_bits) if bits.u(1) else None
    said = bits.position
    if not bits.u(1):
        return said, None, color, stamps
    bits.u(1), bits.ue(), bits.ue(), bits.ue(), bits.ue()
    return said, bits.ue(), color, stamps


def _read_color(bits: BitReader) -> Color:
    bits.u(3)
    span = 2 if bits.u(1) else 1
    return (span, bits.u(8), bits.u(8), bits.u(8)) if bits.u(1) else (span, *UNSPECIFIED[1:])


def _read_buffering(bits: BitReader) -> tuple[int, int]:
    """Bits of the two delays of a picture timing message together, and of its time offset."""
    count = min(bits.ue(), 31)
    bits.u(8)
    for _ in range(count + 1):
        bits.ue(), bits.ue(), bits.u(1)
    bits.u(5)
    return bits.u(5) + 1 + bits.u(5) + 1, bits.u(5)
