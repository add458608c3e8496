"""AAC of transport streams, which has a header in every packet (ADTS), as fragmented MP4, which has one for all.

PyAV carries the transport stream's own codec number over, which libav's muxer refuses; these are the ladder's boxes.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from av.audio.stream import AudioStream
from av.packet import Packet

from cutroom.media.ladder.fragments import Sample, audio_init, media_segment
from cutroom.media.wav import Sink

_FRAME = 1024  # samples a channel in a packet
_FRAGMENT_SECONDS = 2
_TOLERANCE = Fraction(15, 1000)  # seconds a time stamp may be off before it is believed
_LONG_HEADER, _SHORT_HEADER = 9, 7  # bytes, with and without a checksum


def is_adts(stream: AudioStream) -> bool:
    """Whether every packet of the track brings its own header."""
    return stream.codec_context.codec.canonical_name == "aac" and not stream.codec_context.extradata


def write_adts(stream: AudioStream, packets: Iterable[Packet[Any]], origin: Fraction, sink: Sink) -> None:
    """Write the packets from `origin` on (seconds of the stream's clock), whole ones only; zero is the origin."""
    rate = stream.codec_context.sample_rate
    writer = _Writer(rate, sink)
    for packet in packets:
        data = bytes(packet)
        if packet.pts is None or len(data) <= _LONG_HEADER or data[0] != 0xFF or data[1] & 0xF6 != 0xF0:
            continue
        at = round((packet.pts * packet.time_base - origin) * rate)
        if at < 0 and not writer.begun:
            continue
        if not writer.begun:
            language = stream.language if stream.language not in (None, "", "und") else None
            sink.write(
                audio_init(
                    sample_rate=rate,
                    channels=stream.codec_context.layout.nb_channels,
                    config=_config(data),
                    bit_rate=stream.codec_context.bit_rate or 192_000,
                    language=language,
                )
            )
        writer.add(data[_SHORT_HEADER if data[1] & 1 else _LONG_HEADER :], at)
    writer.flush()


class _Writer:
    def __init__(self, rate: int, sink: Sink) -> None:
        self.begun = False
        self._rate = rate
        self._sink = sink
        self._position = 0
        self._samples: list[Sample] = []
        self._index = 0

    def add(self, data: bytes, at: int) -> None:
        if not self.begun or at - self._position > _TOLERANCE * self._rate:
            self._position, self.begun = at, True  # a stretch without sound lengthens the sample before it
        if self._samples and self._position - self._samples[0].time >= _FRAGMENT_SECONDS * self._rate:
            self.flush()
        self._samples.append(Sample(time=self._position, data=data, sync=True))
        self._position += _FRAME

    def flush(self) -> None:
        if self._samples:
            self._sink.write(media_segment(self._index, self._samples, self._position))
            self._index, self._samples = self._index + 1, []


def _config(header: bytes) -> bytes:
    """The AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1) of an ADTS header's object type, rate and channels."""
    kind, rate = (header[2] >> 6) + 1, header[2] >> 2 & 15
    channels = (header[2] & 1) << 2 | header[3] >> 6
    return (kind << 11 | rate << 7 | channels << 3).to_bytes(2, "big")
