"""Codec strings as in RFC 6381, which tell a browser beforehand whether it can play a track."""

from __future__ import annotations

import re

from av.video.codeccontext import VideoCodecContext

_START_CODE = re.compile(rb"\x00\x00\x01")


def codec_string(context: VideoCodecContext) -> str | None:
    """The string for H.264, HEVC or AV1 with its configuration at hand; None for others."""
    data = context.extradata or b""
    maker = {"h264": _avc, "hevc": _hevc, "av1": _av1}.get(context.codec.canonical_name)
    return maker(bytes(data)) if maker is not None else None


def _avc(data: bytes) -> str | None:
    if len(data) >= 4 and data[0] == 1:
        return f"avc1.{data[1:4].hex()}"
    for unit in _units(data):
        if len(unit) >= 4 and unit[0] & 0x1F == 7:
            return f"avc1.{unit[1:4].hex()}"
    return None


def _hevc(data: bytes) -> str | None:
    if len(data) >= 13 and data[0] == 1:
        return _hevc_text(data[1:13])
    for unit in _units(data):
        if len(unit) >= 2 and unit[0] >> 1 & 0x3F == 33:
            plain = unit.replace(b"\x00\x00\x03", b"\x00\x00")
            return _hevc_text(plain[3:15]) if len(plain) >= 15 else None
    return None


def _hevc_text(tier_level: bytes) -> str:
    """From the twelve bytes of profile, tier and level: ISO/IEC 14496-15, annex E."""
    first = tier_level[0]
    compatible = int(f"{int.from_bytes(tier_level[1:5], 'big'):032b}"[::-1], 2)
    constraints = tier_level[5:11].rstrip(b"\x00")
    parts = [
        "hvc1",
        f"{['', 'A', 'B', 'C'][first >> 6]}{first & 0x1F}",
        f"{compatible:X}",
        f"{'H' if first & 0x20 else 'L'}{tier_level[11]}",
        *(f"{byte:X}" for byte in constraints),
    ]
    return ".".join(parts)


def _av1(data: bytes) -> str | None:
    if len(data) < 4 or data[0] != 0x81:
        return None
    profile, level = data[1] >> 5, data[1] & 0x1F
    high, twelve = data[2] & 0x40, data[2] & 0x20
    depth = 12 if high and twelve else 10 if high else 8
    return f"av01.{profile}.{level:02d}{'H' if data[2] & 0x80 else 'M'}.{depth:02d}"


def _units(data: bytes) -> list[bytes]:
    """The NAL units of a byte stream with start codes."""
    return [unit for unit in _START_CODE.split(data) if unit]
