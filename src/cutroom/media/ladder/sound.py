"""Sound renditions: AAC-LC of one or two channels is copied, everything else becomes AAC stereo.

Each rendition starts at the ladder's zero. What a source has before it is dropped, priming too, so that no edit list
is needed; where sound begins late or is interrupted, silence stands in, so that a player never waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import lcm
from typing import Any, Protocol

import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.context import CodecContext, Flags
from av.error import EOFError as NothingMore
from av.error import FFmpegError
from av.packet import Packet
from numpy.typing import NDArray

from cutroom.media.ladder.fragments import Sample

FRAME = 1024  # samples a channel in an AAC frame
ENCODED_BIT_RATE = 128_000
_TOLERANCE = Fraction(15, 1000)  # seconds a time stamp may be off before it is believed
_JUMP_SECONDS = 1  # a step back beyond this is a new recording behind the old one
_LONGEST_SILENCE = 6 * 3600  # seconds; a larger gap is a broken time stamp
_KEPT_RATES = (32_000, 44_100, 48_000)

Emit = Callable[[Sample], None]
Listen = Callable[[AudioFrame], None] | None
Samples = NDArray[np.float32]


class Sound(Protocol):
    """One rendition while it is made; `origin` is the time, in the source's seconds, at which the ladder begins."""

    rate: int  # samples a second
    channels: int
    config: bytes  # AudioSpecificConfig
    bit_rate: int
    damaged: int  # packets that did not decode
    decoded: int  # frames that did
    position: int  # samples written

    def feed(self, packet: Packet[Any]) -> None:
        """Take the next packet."""

    def finish(self, end: int | None) -> None:
        """Write what is left, then silence up to sample `end`."""


class CopiedSound:
    """AAC as the source has it, one packet a sample; a packet that does not decode would stop a player, so it is
    replaced by silence.
    """

    def __init__(self, stream: AudioStream, origin: Fraction, emit: Emit, listen: Listen = None) -> None:
        context = stream.codec_context
        self.rate, self.channels = context.sample_rate, context.channels
        self.config = context.extradata or _config_of(context.sample_rate, context.channels)
        self.bit_rate = stream.bit_rate or context.bit_rate or 192_000
        self.damaged = 0
        self.decoded = 0
        self.position = 0
        self._adts = not context.extradata
        self._origin = origin
        self._emit = emit
        self._listen = listen
        self._context = context
        self._silence: bytes | None = None
        self._sample_at = _samples_of(stream.time_base or Fraction(1, self.rate), origin, self.rate)
        self._shift = 0

    def feed(self, packet: Packet[Any]) -> None:
        """Take the next packet."""
        before = self.damaged
        self._hear(packet)
        data = bytes(packet)
        if self._adts:
            data = data[7 if len(data) > 1 and data[1] & 1 else 9 :]
        if self.damaged > before:
            data = self._silent_packet()
        if data:
            at = self.position if packet.pts is None else self._sample_at(packet.pts) + self._shift
            self._place(data, at)

    def finish(self, end: int | None) -> None:
        """Write silence up to sample `end`."""
        self._hear(None)
        if end is not None and self.position:
            while self.position + FRAME <= end:
                self._write(self._silent_packet())

    def _hear(self, packet: Packet[Any] | None) -> None:
        for frame in decoded(self._context, packet, self._count_damage):
            self.decoded += 1
            if self._listen is not None:
                self._listen(frame)

    def _place(self, data: bytes, at: int) -> None:
        off = at - self.position
        if not self.position:
            if at < 0:
                return None
            self.position = at % FRAME
        elif abs(off) <= _TOLERANCE * self.rate:
            return self._write(data)
        elif off < 0:
            if -off <= _JUMP_SECONDS * self.rate:
                return None
            self._shift -= off
            return self._write(data)
        if off <= _LONGEST_SILENCE * self.rate:
            while self.position + FRAME <= at:
                self._write(self._silent_packet())
            self.position = max(self.position, at)
        return self._write(data)

    def _write(self, data: bytes) -> None:
        self._emit(Sample(time=self.position, data=data, sync=True))
        self.position += FRAME

    def _silent_packet(self) -> bytes:
        if self._silence is None:
            encoder = aac_encoder(self.rate, self.channels, self.bit_rate)
            quiet = np.zeros((self.channels, FRAME), np.float32)
            packets = [packet for at in range(3) for packet in encoder.encode(_frame(quiet, self.rate, at * FRAME))]
            self._silence = bytes([*packets, *encoder.encode(None)][-1])
        return self._silence

    def _count_damage(self) -> None:
        self.damaged += 1


class EncodedSound:
    """Whatever the source has, as AAC stereo."""

    def __init__(self, stream: AudioStream, origin: Fraction, emit: Emit, listen: Listen = None) -> None:
        context = stream.codec_context
        self.rate = context.sample_rate if context.sample_rate in _KEPT_RATES else 48_000
        self.channels = 2
        self.damaged = 0
        self.decoded = 0
        self.position = 0
        self.bit_rate = ENCODED_BIT_RATE
        self._encoder = aac_encoder(self.rate, 2, ENCODED_BIT_RATE)
        self.config = self._encoder.extradata or b""
        self._context = context
        self._origin = origin
        self._emit = emit
        self._listen = listen
        self._resampler = AudioResampler(format="fltp", layout="stereo", rate=self.rate)
        self._input: tuple[str, str, int] | None = None
        self._shift = 0
        self._pending: list[Samples] = []
        self._pending_samples = 0
        self._written = 0
        self._drop = 0  # samples of what comes next that are there already

    def feed(self, packet: Packet[Any]) -> None:
        """Take the next packet."""
        for frame in decoded(self._context, packet, self._count_damage):
            self._take(frame)

    def finish(self, end: int | None) -> None:
        """Write what is left, then silence up to sample `end`."""
        for frame in decoded(self._context, None, self._count_damage):
            self._take(frame)
        for frame in self._resampler.resample(None) if self._input else ():
            self._append(frame.to_ndarray())
        if end is not None and self.position:
            self._fill(end)
        if self._pending_samples:
            self._fill(self.position + FRAME - self._pending_samples)
        self._write(self._encoder.encode(None))

    def _take(self, frame: AudioFrame) -> None:
        self.decoded += 1
        if self._listen is not None:
            self._listen(frame)
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._input is not None and shape != self._input:
            self._resampler = AudioResampler(format="fltp", layout="stereo", rate=self.rate)
        self._input = shape
        if frame.pts is not None and frame.time_base:
            self._align(round((frame.pts * frame.time_base - self._origin) * self.rate))
        for part in self._resampler.resample(frame):
            self._append(part.to_ndarray())

    def _align(self, at: int) -> None:
        """Bring the writing position to where the next samples belong."""
        at += self._shift
        off = at - self.position
        if self.position <= 0 and not self._pending:
            self.position = min(0, at)  # what lies before zero is dropped as it comes
            self._fill(at)
        elif abs(off) <= _TOLERANCE * self.rate:
            return
        elif off > 0:
            self._fill(at if off <= _LONGEST_SILENCE * self.rate else self.position)
        elif -off <= _JUMP_SECONDS * self.rate:
            self._drop = -off
        else:
            self._shift -= off

    def _fill(self, until: int) -> None:
        while self.position < until:
            self._append(np.zeros((2, min(self.rate, until - self.position)), np.float32))

    def _append(self, samples: NDArray[Any]) -> None:
        cut = min(self._drop, samples.shape[1])
        self._drop -= cut
        samples = samples[:, cut:]
        before = min(max(0, -self.position), samples.shape[1])
        self.position += samples.shape[1]
        samples = samples[:, before:]
        self._pending.append(samples)
        self._pending_samples += samples.shape[1]
        if self._pending_samples >= FRAME:
            self._encode()

    def _encode(self) -> None:
        samples = np.concatenate(self._pending, axis=1)
        whole = samples.shape[1] // FRAME * FRAME
        for start in range(0, whole, FRAME):
            frame = _frame(np.ascontiguousarray(samples[:, start : start + FRAME]), self.rate, self._written)
            self._written += FRAME
            self._write(self._encoder.encode(frame))
        self._pending = [samples[:, whole:]]
        self._pending_samples = samples.shape[1] - whole

    def _write(self, packets: list[Packet[Any]]) -> None:
        for packet in packets:
            if packet.pts is not None and packet.pts >= 0:  # the one before zero holds nothing but priming
                self._emit(Sample(time=packet.pts, data=bytes(packet), sync=True))

    def _count_damage(self) -> None:
        self.damaged += 1


def _samples_of(time_base: Fraction, origin: Fraction, rate: int) -> Callable[[int], int]:
    """From a source's time stamp to the ladder's sample, in whole numbers: fractions cost more than the decoder."""
    scale, shift = time_base * rate, origin * rate
    whole = lcm(scale.denominator, shift.denominator)
    by, less = int(scale * whole), int(shift * whole)
    return lambda pts: (2 * (pts * by - less) + whole) // (2 * whole)


def can_copy(stream: AudioStream) -> bool:
    """Whether a track's packets can be used as they are: AAC-LC, one or two channels."""
    context = stream.codec_context
    if context.name not in ("aac", "aac_fixed") or context.profile != "LC" or context.channels not in (1, 2):
        return False
    if context.extradata:
        return len(context.extradata) >= 2 and context.extradata[0] >> 3 == 2
    return context.sample_rate in _RATES


def decoded(
    context: AudioCodecContext, packet: Packet[Any] | None, on_damage: Callable[[], None]
) -> Iterator[AudioFrame]:
    """The frames of a packet; one that does not decode is counted and passed over."""
    try:
        yield from context.decode(packet)
    except NothingMore:
        return
    except FFmpegError:
        on_damage()


def aac_encoder(rate: int, channels: int, bit_rate: int) -> AudioCodecContext:
    """An open AAC-LC encoder of float samples in planes."""
    context = CodecContext.create("aac", "w")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate = rate
    context.layout = "stereo" if channels == 2 else "mono"
    context.format = "fltp"
    context.bit_rate = bit_rate
    context.time_base = Fraction(1, rate)
    context.flags |= int(Flags.global_header)
    context.open()
    return context


_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)


def _config_of(rate: int, channels: int) -> bytes:
    """The AudioSpecificConfig of an AAC-LC stream that carries its header in every packet."""
    return (2 << 11 | _RATES.index(rate) << 7 | channels << 3).to_bytes(2, "big")


def _frame(samples: Samples, rate: int, at: int) -> AudioFrame:
    frame = AudioFrame.from_ndarray(samples, "fltp", "stereo" if samples.shape[0] == 2 else "mono")
    frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
    return frame
