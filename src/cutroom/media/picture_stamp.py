"""The time of day beside the first picture, where a file carries its timecode in no track and no header.

H.264: picture timing, ITU-T H.264 D.1.3. HEVC: time code, ITU-T H.265 D.2.27. MPEG-2: group header, 6.2.2.6.
"""

from __future__ import annotations

from typing import Any

from av.packet import Packet
from av.video.stream import VideoStream

from cutroom.media.access_unit import Framing
from cutroom.media.cut.bits import BitReader
from cutroom.media.cut.sps import StampSyntax, parse_sps

_PICTURE_TIMING, _TIME_CODE = 1, 136
_CLOCKS = {3: 2, 4: 2, 5: 3, 6: 3, 7: 2, 8: 3}  # by pic_struct, table D-1; others have one
_DROPPING = 4  # counting_type of drop-frame
_MPEG2_GROUP = b"\0\0\1\xb8"


def may_hold_stamp(stream: VideoStream) -> bool:
    """Whether the first packet is worth reading for it: in H.264 the parameter set says so beforehand."""
    name = stream.codec_context.codec.canonical_name
    if name == "h264" and stream.codec_context.extradata:
        return _syntax(bytes(stream.codec_context.extradata)) is not None
    return name in ("h264", "hevc", "mpeg2video")


def read_stamp(stream: VideoStream, packet: Packet[Any]) -> str | None:
    """The timecode in a packet's head, `01:00:00:00`, a semicolon before the frames of drop-frame; None without one."""
    data = bytes(packet)
    framing = Framing.of(stream)
    try:
        if framing is None:
            return _group_stamp(data)
        for kind, payload in framing.messages(data):
            if framing.hevc and kind == _TIME_CODE:
                return _hevc_stamp(payload)
            if not framing.hevc and kind == _PICTURE_TIMING:
                syntax = _syntax(bytes(stream.codec_context.extradata or b"")) or _syntax(data)
                return _h264_stamp(payload, syntax) if syntax is not None else None
    except ValueError:
        return None  # a damaged message says nothing
    return None


def _h264_stamp(payload: bytes, syntax: StampSyntax) -> str | None:
    bits = BitReader(payload)
    bits.u(syntax.delay_bits)
    for _ in range(_CLOCKS.get(bits.u(4), 1)):
        if bits.u(1):
            bits.u(2)
            return _clock(bits, frame_bits=8)
    return None


def _hevc_stamp(payload: bytes) -> str | None:
    bits = BitReader(payload)
    return _clock(bits, frame_bits=9) if bits.u(2) and bits.u(1) else None


def _clock(bits: BitReader, *, frame_bits: int) -> str | None:
    bits.u(1)
    counting = bits.u(5)
    full, _ = bits.u(1), bits.u(2)
    frames = bits.u(frame_bits)
    seconds = minutes = hours = 0
    if full:
        seconds, minutes, hours = bits.u(6), bits.u(6), bits.u(5)
    elif bits.u(1):
        seconds = bits.u(6)
        if bits.u(1):
            minutes = bits.u(6)
            hours = bits.u(5) if bits.u(1) else 0
    return _text(hours, minutes, seconds, frames, dropping=counting == _DROPPING)


def _group_stamp(data: bytes) -> str | None:
    at = data.find(_MPEG2_GROUP, 0, 1024)
    if at < 0 or at + 8 > len(data):
        return None
    bits = BitReader(data[at + 4 : at + 8])
    dropping, hours, minutes, _, seconds, frames = bits.u(1), bits.u(5), bits.u(6), bits.u(1), bits.u(6), bits.u(6)
    # Every group has one; zero is what encoders write that know no time.
    return _text(hours, minutes, seconds, frames, dropping=bool(dropping)) if hours + minutes + seconds else None


def _text(hours: int, minutes: int, seconds: int, frames: int, *, dropping: bool) -> str | None:
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if dropping else ':'}{frames:02d}"


def _syntax(data: bytes) -> StampSyntax | None:
    """How stamps are read, from the parameter set in an avcC or in the head of a packet with start codes."""
    if data[:1] == b"\x01" and len(data) > 8:
        unit = data[8 : 8 + int.from_bytes(data[6:8], "big")]
    else:
        framing = Framing(hevc=False, length_bytes=0)
        unit = next((unit for unit in framing.head(data) if framing.kind(unit) == 7), b"")
    try:
        return parse_sps(unit).stamps if unit else None
    except ValueError:
        return None
