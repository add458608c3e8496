"""Entering a source in its middle: the frames from a time on, as a decoder has them that came from the beginning."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cutroom.media.frame_clock import base_of
from cutroom.media.ladder.reader import Reader

_BACK_SECONDS = (0, 1, 5, 20, 80)
"""How far before the wanted time to look for a keyframe, one after the other; then from the beginning."""
_KEPT_FRAMES = 4  # before the wanted time that are decoded though nothing refers to them: a deinterlacer looks back
_BEFORE_SECONDS = 10
_SCANNED_PACKETS = 20_000  # without a keyframe, before a place is given up


def frames_from(
    container: InputContainer, reader: Reader, start: int, *, rate: Fraction, earlier: int = 0
) -> Iterator[VideoFrame]:
    """The displayed frames from a keyframe at or before `start` on, in order; `start` in the stream's ticks.

    Frames before `start` that no other depends on may be missing. `earlier` begins that many keyframes farther back,
    for streams whose keyframes do not restore the picture at once.
    """
    stream = reader.video
    assert stream is not None
    spared = start - int(_KEPT_FRAMES / rate / base_of(stream))
    source = _from_keyframe(container, reader, start, earlier)
    key = next(source, None)
    if key is None:
        return
    assert key.pts is not None
    try:
        yield from _shown(reader, key, spared, key.pts)
        for packet in source:
            if packet.stream_index == stream.index:
                yield from _shown(reader, packet, spared, key.pts)
        for frame in reader.frames(None):
            if frame.pts is None or frame.pts >= key.pts:
                yield frame
    finally:
        stream.codec_context.skip_frame = "DEFAULT"


def _shown(reader: Reader, packet: Packet[Any], spared: int, first: int) -> Iterator[VideoFrame]:
    assert reader.video is not None
    early = packet.pts is not None and packet.pts < spared
    reader.video.codec_context.skip_frame = "NONREF" if early else "DEFAULT"
    for frame in reader.frames(packet):
        if frame.pts is None or frame.pts >= first:  # what an open group shows before its key picture is broken here
            yield frame


def _from_keyframe(container: InputContainer, reader: Reader, start: int, earlier: int) -> Iterator[Packet[Any]]:
    """Packets from a keyframe whose time is at or before `start`."""
    stream = reader.video
    assert stream is not None
    for back in _BACK_SECONDS:
        target = start - int(back / base_of(stream))
        container.seek(target, stream=stream)
        packets = reader.packets()
        key = _first_key(packets, stream)
        if key is not None and key.pts is not None and key.pts <= start:
            if earlier:
                yield from _from_keyframe(container, reader, min(key.pts, key.dts or key.pts) - 1, earlier - 1)
                return
            yield key
            yield from packets
            return
        if target <= (stream.start_time or 0):
            break
    rewind(container, stream)
    packets = reader.packets()
    key = _first_key(packets, stream)
    if key is not None:
        yield key
        yield from packets


def _first_key(packets: Iterator[Packet[Any]], stream: VideoStream) -> Packet[Any] | None:
    for number, packet in enumerate(packets):
        if number > _SCANNED_PACKETS:
            return None
        if packet.stream_index == stream.index and packet.is_keyframe and packet.pts is not None:
            return packet
    return None


def rewind(container: InputContainer, stream: VideoStream) -> None:
    """Go to the first packet: asking for the first time alone finds the next one in a transport stream."""
    start = stream.start_time or 0
    try:
        container.seek(start - int(_BEFORE_SECONDS / base_of(stream)), stream=stream)
    except FFmpegError:  # FLV knows no time before its first
        container.seek(start, stream=stream)
