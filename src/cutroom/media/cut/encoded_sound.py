"""Sound that a container cannot hold as it is: decoded, cut to the sample, and encoded again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream

from cutroom.core.timecode import round_half_up
from cutroom.media.cut.sound import SoundRange
from cutroom.media.source import open_source, packets, reading

_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000}  # samples a second of AAC
_OPUS_RATE = 48000
_BITS = 96_000  # a second and channel
_MOST_CHANNELS = 8
_USUAL_LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_EARLY = 1  # seconds before the range to decode from, so that a decoder has settled


def add_encoded_track(output: OutputContainer, track: AudioStream) -> AudioStream:
    """A stream of the container's usual codec for this track's sound: AAC, or Opus in WebM. Raises ValueError."""
    context = track.codec_context
    opus = output.format.name == "webm"
    rate = _OPUS_RATE if opus or context.sample_rate not in _RATES else context.sample_rate
    stream = output.add_stream("libopus" if opus else "aac", rate=rate)
    if not isinstance(stream, AudioStream):
        raise ValueError("no encoder of sound")
    layout = _known_layout(context.layout.name, context.layout.nb_channels)
    stream.codec_context.layout = layout
    stream.codec_context.bit_rate = _BITS * stream.codec_context.layout.nb_channels
    return stream


def _known_layout(name: str, channels: int) -> str:
    """A layout that encoders take: the usual one where only the number of channels is known."""
    if name.endswith(" channels") or not 0 < channels <= _MOST_CHANNELS:
        return _USUAL_LAYOUTS.get(channels, "stereo")
    return name


def encoded_packets(
    path: Path, index: int, stream: AudioStream, cut: SoundRange
) -> Iterator[tuple[Stream, Packet[Any]]]:
    """The range of the track with this index, encoded; times counted from its start."""
    with open_source(path) as container, reading(path):
        track = next(one for one in container.streams.audio if one.index == index)
        for other in container.streams:
            if other.index != index:
                other.discard = av.stream.Discard.all
        frames = _trimmed(_resampled(_decoded(container, track, cut), stream), stream.codec_context.sample_rate, cut)
        for frame in itertools.chain(frames, [None]):
            for packet in stream.encode(frame):
                # Only an edit list or Opus' own header hides what an encoder puts first.
                if cut.hides_priming or output_hides(stream) or (packet.pts or 0) >= 0:
                    yield stream, packet


def output_hides(stream: AudioStream) -> bool:
    """Whether the codec itself says how much of its start is not to be heard."""
    return stream.codec_context.name == "libopus"


def _decoded(container: InputContainer, track: AudioStream, cut: SoundRange) -> Iterator[AudioFrame]:
    begin = cut.start - _EARLY
    if begin > Fraction(container.start_time or 0, av.time_base):
        container.seek(int(begin * av.time_base), backward=True)
    for packet in packets(container, track):
        try:
            frames = track.decode(packet if packet.size else None)
        except av.error.EOFError:
            return
        except av.error.InvalidDataError:
            continue
        for frame in frames:
            if frame.pts is not None and frame.time_base and frame.pts * frame.time_base >= cut.end:
                return
            yield frame


def _resampled(frames: Iterator[AudioFrame], stream: AudioStream) -> Iterator[AudioFrame]:
    context = stream.codec_context
    resampler = AudioResampler(format="flt" if context.name == "libopus" else "fltp", layout=context.layout,
                               rate=context.sample_rate)  # fmt: skip
    for frame in frames:
        yield from resampler.resample(_laid_out(frame))
    yield from resampler.resample(None)


def _laid_out(frame: AudioFrame) -> AudioFrame:
    """The frame, its channels named."""
    layout = _known_layout(frame.layout.name, frame.layout.nb_channels)
    if layout == frame.layout.name or frame.layout.nb_channels > _MOST_CHANNELS:
        return frame
    samples: Any = frame.to_ndarray()
    named = AudioFrame.from_ndarray(samples, format=frame.format.name, layout=layout)
    named.sample_rate, named.pts, named.time_base = frame.sample_rate, frame.pts, frame.time_base
    return named


def _trimmed(frames: Iterator[AudioFrame], rate: int, cut: SoundRange) -> Iterator[AudioFrame]:
    """What sounds inside the range, to the sample, its times counted from the range's start in samples."""
    start, length = round_half_up(cut.start * rate), round_half_up((cut.end - cut.start) * rate)
    follows: int | None = None
    for frame in frames:
        base = frame.time_base or Fraction(1, rate)
        stamped = None if frame.pts is None else round_half_up(frame.pts * Fraction(base) * rate)
        at = (follows or 0) if stamped is None else stamped
        follows = at + frame.samples
        first, last = max(0, start - at), min(frame.samples, start + length - at)
        if first >= last:
            continue
        kept = _part(frame, first, last)
        kept.sample_rate, kept.time_base, kept.pts = rate, Fraction(1, rate), at + first - start
        yield kept


def _part(frame: AudioFrame, first: int, last: int) -> AudioFrame:
    if (first, last) == (0, frame.samples):
        return frame
    import numpy as np  # slow to load, and seldom needed

    samples: Any = frame.to_ndarray()
    packed = not frame.format.is_planar
    step = frame.layout.nb_channels if packed else 1
    part = np.ascontiguousarray(samples[:, first * step : last * step])
    return AudioFrame.from_ndarray(part, format=frame.format.name, layout=frame.layout.name)
