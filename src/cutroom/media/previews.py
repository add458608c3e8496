"""Sprites and peaks of a file by themselves, where no ladder is being made that could feed them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from cutroom.media.frame_clock import track_seconds
from cutroom.media.keyframes import frames_from_start, keyframes_at, packets_until_damage
from cutroom.media.peaks import PeaksDetail, PeaksSink
from cutroom.media.picture import frame_picture
from cutroom.media.probe import display_size, real_video, sample_aspect
from cutroom.media.rotation import read_orientation
from cutroom.media.source import damaged, open_source, reading
from cutroom.media.sprite import SpriteDetail, SpriteSink

_SHORT_SECONDS = 30  # footage up to this long is decoded whole: it may have few keyframes
_TILE_HEIGHT = 90


def make_sprite(path: Path, output_dir: Path) -> SpriteDetail | None:
    """Write the sprite sheet of `path` from its keyframes (from every frame up to 30 s); None without a picture."""
    with open_source(path) as container, reading(path):
        stream = real_video(container)
        if stream is None:
            return None
        aspect, turned = sample_aspect(stream), read_orientation(path, container, stream)
        seconds = track_seconds(container, stream)
        sink = SpriteSink(output_dir, seconds, _TILE_HEIGHT)
        for at, frame in _frames(container, stream, seconds, sink):
            if sink.wants(at):
                wide, high = display_size(frame.width, frame.height, aspect, turned.degrees)
                width = max(round(wide * _TILE_HEIGHT / high / 2) * 2, 2)
                sink.add_image(frame_picture(frame, aspect=aspect, turned=turned, width=width), at)
        detail = sink.finish()
    if detail is None:
        raise damaged(path, ValueError("no frame of it can be decoded"))
    return detail


def make_peaks(path: Path, output_dir: Path) -> PeaksDetail | None:
    """Write the waveform of the first sound track of `path`; None without sound. Damaged packets are passed over."""
    with open_source(path) as container, reading(path):
        stream = next((track for track in container.streams.audio if track.codec_context is not None), None)
        if stream is None:
            return None
        video = real_video(container)
        start = (video.start_time or 0) * (video.time_base or Fraction(1)) if video is not None else Fraction(0)
        sink = PeaksSink(output_dir, stream.codec_context.sample_rate, start)
        try:
            for packet in packets_until_damage(container, stream):
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    continue
                for frame in frames:
                    sink.add(frame)
            return sink.finish()
        except BaseException:
            sink.discard()
            raise


def _frames(
    container: InputContainer, stream: VideoStream, seconds: Fraction | None, sink: SpriteSink
) -> Iterator[tuple[Fraction, av.VideoFrame]]:
    if seconds is None or seconds <= _SHORT_SECONDS:
        return frames_from_start(container, stream)
    places = (number * sink.finest for number in range(int(seconds / sink.finest) + 1))
    return keyframes_at(container, stream, places)
