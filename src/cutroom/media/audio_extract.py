"""One sound track of a file as a file of its own, written forwards as it is read: to a disk, a pipe or a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.adts import is_adts, write_adts
from cutroom.media.audio_plan import AudioPlan
from cutroom.media.frame_clock import track_seconds
from cutroom.media.keyframes import packets_until_damage
from cutroom.media.sound_line import Samples, SoundLine
from cutroom.media.source import open_source, reading
from cutroom.media.wav import Sink, WavWriter

_MOVFLAGS = "frag_keyframe+empty_moov+delay_moov+default_base_moof"
_FRAGMENT_MICROSECONDS = "2000000"
_BITS_A_CHANNEL = 96_000  # a second, of AAC
_MOST_BITS = 512_000
_AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)

Progress = Callable[[float], None]


def extract_audio(path: Path, plan: AudioPlan, sink: Sink, on_progress: Progress | None = None) -> None:
    """Write the track that `plan` names, from the plan's zero on, so that it lies under the picture to the sample.

    Copied packets of bare formats are the exception: they begin with the packet nearest to zero. Damaged packets are
    passed over, and become silence where the sound is coded again. Memory does not grow with the length.

    Raises CutroomError as `open_source` does, and media.no-track when the file has changed its tracks.
    """
    with open_source(path) as container, reading(path):
        stream = _stream(container, plan)
        for other in container.streams:
            if other is not stream:
                other.discard = Discard.all
        packets = _watched(container, stream, on_progress)
        (_copy if plan.copied else _encode)(container, stream, packets, plan, sink)


def _stream(container: InputContainer, plan: AudioPlan) -> AudioStream:
    found = next((stream for stream in container.streams.audio if stream.index == plan.stream), None)
    if found is None or found.codec_context is None:
        raise CutroomError("media.no-track", "The sound track is not in the file any more.", kind=ErrorKind.CONFLICT)
    return found


def _watched(container: InputContainer, stream: AudioStream, on_progress: Progress | None) -> Iterator[Packet[Any]]:
    length = track_seconds(container, stream)
    base = stream.time_base or Fraction(1, 1000)
    for number, packet in enumerate(packets_until_damage(container, stream)):
        if on_progress is not None and length and packet.pts is not None and not number & 63:
            on_progress(min(1.0, float((packet.pts - (stream.start_time or 0)) * base / length)))
        yield packet


# Copying


def _copy(_: InputContainer, stream: AudioStream, packets: Iterator[Packet[Any]], plan: AudioPlan, sink: Sink) -> None:
    if plan.muxer == "mp4" and is_adts(stream):
        write_adts(stream, packets, Fraction(plan.origin), sink)
        return
    base = stream.time_base or Fraction(1, 1000)
    zero = round(Fraction(plan.origin) / base)
    with _copying(plan), _muxer(plan, sink) as output:
        target = output.add_stream_from_template(stream, opaque=True)
        _describe(target, stream)
        for packet in packets:
            if not packet.size or packet.pts is None or not _belongs(packet, zero, timed=plan.timed):
                continue
            packet.pts -= zero
            packet.dts = packet.pts
            packet.stream = target
            output.mux(packet)


@contextmanager
def _copying(plan: AudioPlan) -> Iterator[None]:
    """What the container refuses is not the footage's fault; damage of that ends the packets and raises nothing."""
    try:
        yield
    except av.FFmpegError as error:
        message = f"This sound cannot be put into {plan.suffix} as it is: {error.strerror or error}."
        hint = "Ask for wav, flac or m4a."
        raise CutroomError("media.cannot-copy", message, hint=hint, kind=ErrorKind.UNSUPPORTED) from error


def _belongs(packet: Packet[Any], zero: int, *, timed: bool) -> bool:
    """Whether a packet is needed: with times, one before zero too, which primes the decoder and is not heard."""
    assert packet.pts is not None
    length = packet.duration or 0
    return packet.pts >= zero or (packet.pts + 2 * length > zero if timed else 2 * (packet.pts - zero) >= -length)


# Coding again


def _encode(
    container: InputContainer, stream: AudioStream, packets: Iterator[Packet[Any]], plan: AudioPlan, sink: Sink
) -> None:
    context = stream.codec_context
    deep = context.format is not None and context.format.bits > 16 and context.format.name[0] == "s"
    sample_format = "s32" if deep and plan.muxer != "mp4" else "s16"
    rate = _aac_rate(context.sample_rate) if plan.muxer == "mp4" else context.sample_rate
    line = SoundLine(rate=rate, layout=context.layout.name, sample_format=sample_format, origin=Fraction(plan.origin))
    end = _declared_end(container, stream, plan, rate)
    if plan.muxer == "wav":
        bits = 16 if sample_format == "s16" else 24
        writer = WavWriter(sink, rate=rate, channels=context.layout.nb_channels, bits=bits, frames=end)
        for samples in _samples(context, packets, line, end):
            writer.write(samples)
        writer.close()
        return
    with _muxer(plan, sink) as output:
        target = _encoder(output, stream, plan, rate, sample_format)
        sent = 0
        for samples in _samples(context, packets, line, None):
            frame = AudioFrame.from_ndarray(samples.reshape(1, -1), sample_format, context.layout.name)
            frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), sent
            sent += len(samples)
            output.mux(target.encode(frame))
        output.mux(target.encode(None))


def _samples(
    context: AudioCodecContext, packets: Iterator[Packet[Any]], line: SoundLine, end: int | None
) -> Iterator[Samples]:
    for packet in packets:
        try:
            frames = context.decode(packet if packet.size else None)
        except av.EOFError:
            continue
        except av.FFmpegError:
            continue  # damaged: the times of what follows leave its place silent
        for frame in frames:
            yield from line.feed(frame)
    yield from line.finish(end)


def _declared_end(container: InputContainer, stream: AudioStream, plan: AudioPlan, rate: int) -> int:
    """Samples from zero to the end of the track as declared."""
    start = (stream.start_time or 0) * (stream.time_base or Fraction(1, 1000))
    length = track_seconds(container, stream) or Fraction(0)
    return max(0, round((start + length - Fraction(plan.origin)) * rate))


def _encoder(
    output: OutputContainer, stream: AudioStream, plan: AudioPlan, rate: int, sample_format: str
) -> AudioStream:
    target = output.add_stream("aac" if plan.muxer == "mp4" else "flac", rate=rate)
    assert isinstance(target, AudioStream)
    target.codec_context.layout = stream.codec_context.layout.name
    if plan.muxer == "mp4":
        channels = stream.codec_context.layout.nb_channels
        target.codec_context.format = "fltp"
        target.codec_context.bit_rate = min(_MOST_BITS, _BITS_A_CHANNEL * max(channels, 1))
    else:
        target.codec_context.format = sample_format
    _describe(target, stream)
    return target


def _describe(target: AudioStream, stream: AudioStream) -> None:
    for name in ("language", "title"):
        if stream.metadata.get(name):
            target.metadata[name] = stream.metadata[name]


def _muxer(plan: AudioPlan, sink: Sink) -> OutputContainer:
    options = {"movflags": _MOVFLAGS, "frag_duration": _FRAGMENT_MICROSECONDS} if plan.muxer == "mp4" else {}
    return av.open(_Forwards(sink), "w", format=plan.muxer, container_options=options)


def _aac_rate(rate: int) -> int:
    """The rate itself where AAC has it, else 48 kHz."""
    return rate if rate in _AAC_RATES else 48_000


class _Forwards:
    """A file object that can only be written to, so that no muxer tries to go back."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, data: bytes) -> int:
        """Pass it on."""
        self._sink.write(data)
        return len(data)
