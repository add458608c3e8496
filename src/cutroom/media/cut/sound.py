"""The sound of a range: packets copied, never encoded, with what they need before them hidden by the container."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from cutroom.core.timecode import round_half_up
from cutroom.media.source import open_source, packets, reading

_PRIMING_PACKETS = {"opus": 4, "flac": 0, "alac": 0}  # what a decoder must hear first to be right; others: 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundRange:
    """Seconds of the file's clock, and whether packets before the range can be hidden by an edit list."""

    start: Fraction
    end: Fraction
    hides_priming: bool


@contextmanager
def open_sound(path: Path, options: dict[str, str] | None) -> Iterator[tuple[InputContainer, list[AudioStream]]]:
    """A second handle on the file that reads nothing but its sound."""
    with open_source(path, options=options) as container:
        tracks = [stream for stream in container.streams.audio if stream.codec_context is not None]
        for stream in container.streams:
            if stream.index not in {track.index for track in tracks}:
                stream.discard = av.stream.Discard.all
        yield container, tracks


def sound_packets(
    path: Path, container: InputContainer, tracks: list[AudioStream], cut: SoundRange
) -> Iterator[Packet[Any]]:
    """Packets of the tracks that sound inside the range, their times counted from its start, in reading order."""
    if tracks:
        with reading(path):
            yield from _overlapping(container, tracks, cut)


def _overlapping(container: InputContainer, tracks: list[AudioStream], cut: SoundRange) -> Iterator[Packet[Any]]:
    _seek_before(container, cut.start)
    kept: dict[int, deque[Packet[Any]]] = {
        track.index: deque(maxlen=_priming(track) if cut.hides_priming else 0) for track in tracks
    }
    done: set[int] = set()
    for packet in packets(container, *tracks):
        index = packet.stream.index
        if packet.pts is None or not packet.size or index in done:
            continue
        begins = packet.pts * packet.time_base
        if begins >= cut.end:
            done.add(index)
            if len(done) == len(tracks):
                return
        elif begins + (packet.duration or 0) * packet.time_base <= cut.start:
            kept[index].append(packet)
        else:
            while kept[index]:
                yield _moved(kept[index].popleft(), cut)
            if cut.hides_priming or begins >= cut.start:
                yield _moved(packet, cut)


def _priming(track: AudioStream) -> int:
    name = track.codec_context.codec.canonical_name
    return 0 if name.startswith("pcm_") else _PRIMING_PACKETS.get(name, 1)


def _moved(packet: Packet[Any], cut: SoundRange) -> Packet[Any]:
    base = Fraction(packet.time_base.numerator, packet.time_base.denominator)
    shift = round_half_up(cut.start / base)
    length = round_half_up((cut.end - cut.start) / base)
    packet.pts = packet.dts = (packet.pts or 0) - shift
    # The last packet sounds past the end; its declared length keeps the track from outlasting the picture.
    if packet.duration and packet.pts + packet.duration > length > packet.pts:
        packet.duration = length - packet.pts
    return packet


def _seek_before(container: InputContainer, seconds: Fraction) -> None:
    start = Fraction(container.start_time or 0, av.time_base)
    if seconds <= start + 1:
        return
    try:
        container.seek(int((seconds - 1) * av.time_base), backward=True)
    except av.FFmpegError:
        # Without an index the packets are read from the start.
        return
