"""The picture at one moment of a file as a player would show it, damage and all."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
from av.codec.context import Flags, Flags2
from av.container import InputContainer
from av.video.stream import VideoStream

from cutroom.media.images import save_image
from cutroom.media.keyframes import packets_until_damage
from cutroom.media.picture import frame_picture
from cutroom.media.probe import display_size, real_video, sample_aspect
from cutroom.media.rotation import read_orientation
from cutroom.media.source import open_source, reading

WIDTH = 960  # pixels at most
_BEHIND_SECONDS = 10  # so long after the moment a picture is still waited for
_RUN_UP_SECONDS = 5  # where nothing before the moment decodes, one more try begins so much earlier


def picture_at(path: Path, seconds: float, stream_index: int | None, output: Path) -> bool:
    """Write the picture shown at or next after `seconds` (on the file's own clock); whether there is one.

    Decoders conceal what they can and hand out damaged frames too, because players do. `stream_index` is the damaged
    stream: none is drawn for sound; None stands for the picture of the file.
    """
    with open_source(path) as container, reading(path):
        stream = _stream(container, stream_index)
        if stream is None:
            return False
        stream.codec_context.flags |= Flags.output_corrupt
        stream.codec_context.flags2 |= Flags2.show_all
        aspect, turned = sample_aspect(stream), read_orientation(path, container, stream)
        moment = Fraction(seconds).limit_denominator(1_000_000)
        frame = _shown(container, stream, moment, before=Fraction(0))
        if frame is None:
            frame = _shown(container, stream, moment, before=Fraction(_RUN_UP_SECONDS))
        if frame is None:
            return False
        own_width, _ = display_size(frame.width, frame.height, aspect, turned.degrees)
        picture = frame_picture(frame, aspect=aspect, turned=turned, width=min(own_width, WIDTH))
    save_image(picture, output)
    return True


def _stream(container: InputContainer, index: int | None) -> VideoStream | None:
    if index is None:
        return real_video(container)
    return next((track for track in container.streams.video if track.index == index), None)


def _shown(
    container: InputContainer, stream: VideoStream, moment: Fraction, *, before: Fraction
) -> av.VideoFrame | None:
    """The frame at or after a moment; where none comes in time, the last one before: a player stands still on it."""
    base = stream.time_base or Fraction(1, 90_000)
    rate = stream.average_rate
    early = Fraction(1, 2) / rate if rate else Fraction(1, 100)
    last: av.VideoFrame | None = None
    try:
        container.seek(int((moment - before) / base), stream=stream)
    except av.FFmpegError:
        container.seek(stream.start_time or 0, stream=stream)
    for packet in packets_until_damage(container, stream):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        for frame in frames:
            if frame.pts is not None and frame.pts * base >= moment - early:
                return frame
            last = frame
        if packet.dts is not None and packet.dts * base > moment + _BEHIND_SECONDS:
            break
    return last
