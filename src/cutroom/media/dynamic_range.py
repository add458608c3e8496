"""Which kind of HDR a track is, as far as its header and its first packet tell."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from cutroom.media.access_unit import Framing
from cutroom.media.mov_boxes import track_box
from cutroom.media.regular import open_regular

_KINDS = {16: "pq", 18: "hlg"}
_PQ = 16
_HEAD_BYTES = 1 << 16
_MOV_BOX = re.compile(rb"dv[cvw]C([\s\S]{4})")
_MATROSKA_MAPPING = re.compile(rb"\x41\xe7\x84dv[cvw]C[\s\S]{0,40}?\x41\xed[\x80-\xff]([\s\S]{4})")
_TS_REGISTRATION = b"\x05\x04DOVI"
_REGISTERED = 4  # the message: user data registered by ITU-T T.35
_HDR10_PLUS = bytes((0xB5, 0x00, 0x3C, 0x00, 0x01, 0x04))  # country, SMPTE ST 2094-40's provider, and application


def may_be_dynamic(stream: VideoStream) -> bool:
    """Whether metadata of HDR10+ or Dolby Vision is worth looking for: ten bits, and a codec that carries it."""
    form = stream.codec_context.format
    deep = form is not None and form.components[0].bits > 8
    return deep and stream.codec_context.codec.canonical_name in ("hevc", "h264", "av1")


def dolby_vision_profile(path: Path, container: InputContainer, stream: VideoStream) -> int | None:
    """The profile in the track's configuration record; 0 where only its presence is told; None without."""
    if not may_be_dynamic(stream):
        return None
    name = container.format.name
    with open_regular(path) as file:
        descriptor = file.fileno()
        if name.startswith("mov"):
            place = track_box(descriptor, stream.id, b"mdia", b"minf", b"stbl", b"stsd")
            size = min(place[1] - place[0], _HEAD_BYTES) if place is not None else 0
            found = _MOV_BOX.search(os.pread(descriptor, size, place[0])) if place is not None else None
        else:
            head = os.pread(descriptor, _HEAD_BYTES, 0)
            if name == "mpegts" and _TS_REGISTRATION in head:
                return 0
            found = _MATROSKA_MAPPING.search(head) if name.startswith("matroska") else None
    # The record: two bytes of version, then seven bits of profile.
    return found[1][2] >> 1 if found is not None else None


def hdr_kind(stream: VideoStream, profile: int | None, first: Packet[Any] | None) -> str:
    """`none`, `hlg`, `pq`, `hdr10+` or `dolby-vision`, the most special that applies."""
    if profile is not None:
        return "dolby-vision"
    transfer = stream.codec_context.color_trc
    framing = Framing.of(stream)
    if transfer == _PQ and first is not None and framing is not None:
        messages = framing.messages(bytes(first))
        if any(kind == _REGISTERED and body.startswith(_HDR10_PLUS) for kind, body in messages):
            return "hdr10+"
    return _KINDS.get(transfer, "none")
