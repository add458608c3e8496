"""Single pictures out of a file, decoded at keyframes only: the cheapest look that is possible at any place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TypeVar

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from cutroom.media.source import packets

_Track = TypeVar("_Track", VideoStream, AudioStream)
_PACKETS_TO_TRY = 2000  # of the stream after a seek, before a place is given up


def keyframes_at(
    container: InputContainer, stream: VideoStream, places: Iterable[Fraction]
) -> Iterator[tuple[Fraction, av.VideoFrame]]:
    """For each place (seconds from the stream's start) the keyframe at or before it, and its time.

    A place whose keyframe is damaged is passed over, and one that has the keyframe of the place before it, too.
    """
    base = stream.time_base or Fraction(1, 90_000)
    first = stream.start_time or 0
    last: int | None = None
    for place in places:
        try:
            container.seek(first + int(place / base), stream=stream)
            frame = _next_keyframe(container, stream, last)
        except av.FFmpegError:
            continue
        if frame is not None and frame.pts is not None:
            last = frame.pts
            yield (frame.pts - first) * base, frame


def _next_keyframe(container: InputContainer, stream: VideoStream, known: int | None) -> av.VideoFrame | None:
    for number, packet in enumerate(packets(container, stream)):
        if number > _PACKETS_TO_TRY:
            return None
        if not packet.is_keyframe or not packet.size:
            continue
        if known is not None and packet.pts == known:
            return None
        try:
            frames = packet.decode() or stream.codec_context.decode(None)
        finally:
            stream.codec_context.flush_buffers()
        if frames:
            return frames[0]
    return None


def packets_until_damage(container: InputContainer, stream: _Track) -> Iterator[Packet[_Track]]:
    """The packets of a stream as far as they can be read."""
    try:
        yield from packets(container, stream)
    except av.FFmpegError:
        return


def frames_from_start(container: InputContainer, stream: VideoStream) -> Iterator[tuple[Fraction, av.VideoFrame]]:
    """Every frame that decodes, from the stream's start on, with its time in seconds; damage is passed over."""
    base = stream.time_base or Fraction(1, 90_000)
    first: int | None = None
    for packet in packets_until_damage(container, stream):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        for frame in frames:
            if frame.pts is not None:
                first = frame.pts if first is None else first
                yield (frame.pts - first) * base, frame
