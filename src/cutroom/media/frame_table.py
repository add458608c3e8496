"""When every frame is shown and where decoding may start, from one walk over the packets; nothing is decoded."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import msgspec
from av.packet import Packet
from av.video.stream import VideoStream

from cutroom.core.errors import CutroomError
from cutroom.media.probe import real_video
from cutroom.media.source import not_video, open_source, packets, reading, shown

_IDR = {"h264": frozenset({5}), "hevc": frozenset({16, 17, 18, 19, 20})}  # HEVC: BLA and IDR; CRA (21) opens a GOP


class FrameTable(msgspec.Struct, frozen=True, kw_only=True):
    """Every frame that is shown, in the order it is shown."""

    time_base: str  # seconds a tick of `pts`
    pts: list[int]  # as in the container, edit lists applied; the first need not be 0
    keyframes: list[int]  # frame numbers that nothing before is needed for, nor for what follows: IDR
    open_keyframes: list[int]  # frame numbers marked as keyframes that frames shown before them still depend on

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return len(self.pts)

    @property
    def gop_lengths(self) -> list[int]:
        """Frames from each closed keyframe to the next one or the end."""
        return [after - before for before, after in pairwise([*self.keyframes, self.frames])]

    def seconds(self, frame: int) -> Fraction:
        """When frame number `frame` is shown, counted from the first."""
        return (self.pts[frame] - self.pts[0]) * Fraction(self.time_base)


def count_frames(path: Path) -> FrameTable:
    """Demux the picture of `path` to its end.

    Raises CutroomError as `open_source` does, and media.damaged when the packets cannot be read to the end.
    """
    with open_source(path, buffer_bytes=1 << 20) as container, reading(path):
        stream = real_video(container)
        if stream is None:
            raise not_video(path)
        return _walk(path, stream, packets(container, stream))


def _walk(path: Path, stream: VideoStream, found: Iterator[Packet[VideoStream]]) -> FrameTable:
    times: list[int] = []
    closed: set[int] = set()
    opened: set[int] = set()
    length_bytes = _length_bytes(stream)
    for packet in found:
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None or packet.is_discard or not packet.size:
            continue
        times.append(time)
        if packet.is_keyframe:
            (closed if _is_closed(packet, stream, length_bytes) else opened).add(time)
    if not times:
        raise CutroomError("media.damaged", f"{shown(path)} holds no frame that is shown.")
    times.sort()
    place = {time: number for number, time in enumerate(times)}
    base = stream.time_base or Fraction(1)
    return FrameTable(
        time_base=f"{base.numerator}/{base.denominator}",
        pts=times,
        keyframes=sorted(place[time] for time in closed),
        open_keyframes=sorted(place[time] for time in opened),
    )


def _length_bytes(stream: VideoStream) -> int:
    """Bytes of a NAL unit's length field; 0 for start codes."""
    data = bytes(stream.codec_context.extradata or b"")
    if len(data) < 5 or data[0] != 1:
        return 0
    if stream.codec_context.codec.canonical_name == "hevc":
        return (data[21] & 3) + 1 if len(data) > 21 else 0
    return (data[4] & 3) + 1


def _is_closed(packet: Packet[VideoStream], stream: VideoStream, length_bytes: int) -> bool:
    name = stream.codec_context.codec.canonical_name
    if name not in _IDR:
        return True  # other codecs have no such difference, or none that a container marks
    shift, mask = (1, 0x3F) if name == "hevc" else (0, 0x1F)
    return any(byte >> shift & mask in _IDR[name] for byte in _unit_heads(bytes(packet), length_bytes))


def _unit_heads(data: bytes, length_bytes: int) -> list[int]:
    """The first byte of each NAL unit of an access unit."""
    heads: list[int] = []
    at = 0
    while at < len(data):
        if length_bytes:
            size = int.from_bytes(data[at : at + length_bytes], "big")
            at += length_bytes
        else:
            found = data.find(b"\x00\x00\x01", at)
            if found < 0:
                break
            at, size = found + 3, 0
        if at < len(data):
            heads.append(data[at])
        at += size
        if length_bytes and not size:
            break
    return heads
