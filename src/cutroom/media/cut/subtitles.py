"""Subtitles of a range: cues trimmed to it, copied where the container holds their kind, else carried over as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.subtitles.stream import SubtitleStream

from cutroom.core.timecode import round_half_up
from cutroom.media.cut.index import first_video
from cutroom.media.cut.writer import keep_tags
from cutroom.media.source import open_source, packets, reading

_LOOK_BACK = 30  # seconds: a cue that began earlier is not looked for
_TEXT_OF = {"mp4": "mov_text", "mov": "mov_text", "matroska": "subrip", "webm": "webvtt"}
_COPIED = {
    "mp4": {"mov_text", "dvd_subtitle"},
    "mov": {"mov_text", "dvd_subtitle"},
    "matroska": {"subrip", "ass", "webvtt", "hdmv_pgs_subtitle", "dvb_subtitle", "dvd_subtitle", "hdmv_text_subtitle"},
    "webm": {"webvtt"},
    "mpegts": {"dvb_subtitle", "dvb_teletext", "hdmv_pgs_subtitle"},
}
_ONE_NAME = {
    "srt": "subrip", "ssa": "ass", "pgssub": "hdmv_pgs_subtitle", "dvbsub": "dvb_subtitle", "dvdsub": "dvd_subtitle",
    "text": "subrip",
}  # fmt: skip
_TAGS, _OVERRIDES = re.compile(r"<[^<>]*>"), re.compile(r"\{[^{}]*\}")
# libav's writer of mov_text wants a style to start from; what is written here is a text track's usual look.
_STYLES = (
    b"[Script Info]\nScriptType: v4.00+\nPlayResX: 384\nPlayResY: 288\n\n[V4+ Styles]\nFormat: Name, Fontname, "
    b"Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, "
    b"ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\n"
    b"Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1\n\n[Events]\n"
    b"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """What is on the screen from `start` on for `length`, in seconds of the clip."""

    start: Fraction
    length: Fraction  # 0: until the next one, as bitmaps have it
    data: bytes


@dataclass(slots=True)
class Subtitles:
    """The subtitle tracks of a clip: their streams and cues; `dropped` names what the container cannot hold."""

    tracks: list[tuple[Stream, list[Cue]]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def packets(self) -> list[Iterator[tuple[Stream, Packet[Any]]]]:
        """A reader for each track."""
        return [_packets(stream, cues) for stream, cues in self.tracks]


def add_subtitles(
    output: OutputContainer,
    container: str,
    path: Path,
    start: Fraction,
    end: Fraction,
    options: dict[str, str] | None,
) -> Subtitles:
    """Give the clip the subtitle tracks of `path` that are seen between two instants of its clock."""
    added = Subtitles()
    with open_source(path, options=options) as source, reading(path):
        if not source.streams.subtitles:
            return added
        chosen = list(source.streams.subtitles)
        cues = _read_cues(source, path, chosen, start, end)
        for track in chosen:
            made = _add_track(output, container, track)
            if made is None:
                added.dropped.append(
                    f"subtitle track {track.index} ({_kind(track)}): this container holds no such kind"
                )
                continue
            stream, convert = made
            keep_tags(stream, track)
            converted = ((cue, convert(cue.data)) for cue in cues[track.index])
            added.tracks.append(
                (stream, [Cue(start=c.start, length=c.length, data=data) for c, data in converted if data])
            )
    return added


def _kind(track: SubtitleStream) -> str:
    context = track.codec_context
    name = context.codec.canonical_name if context is not None else track.name or "unknown"
    return _ONE_NAME.get(name, name)


def _add_track(
    output: OutputContainer, container: str, track: SubtitleStream
) -> tuple[Stream, Callable[[bytes], bytes]] | None:
    kind = _kind(track)
    try:
        if kind in _COPIED[container]:
            return output.add_stream_from_template(track, opaque=True), _same
        target = _TEXT_OF.get(container)
        if target is None or kind not in _TO_TEXT:
            return None
        stream = output.add_stream(target)
        assert isinstance(stream, SubtitleStream)
        stream.codec_context.subtitle_header = _STYLES
        stream.time_base = Fraction(1, 1000)
        return stream, lambda data: _FROM_TEXT[target](_TO_TEXT[kind](data))
    except (ValueError, av.FFmpegError):
        return None


def _read_cues(
    source: InputContainer, path: Path, tracks: list[SubtitleStream], start: Fraction, end: Fraction
) -> dict[int, list[Cue]]:
    """The cues of each track inside the range. The pictures are read along, to see when the range is over."""
    clock = first_video(source, path)
    read = {clock.index, *(track.index for track in tracks)}
    for stream in source.streams:
        if stream.index not in read:
            stream.discard = av.stream.Discard.all
    if start - _LOOK_BACK > Fraction(source.start_time or 0, av.time_base):
        source.seek(int((start - _LOOK_BACK) * av.time_base), backward=True)
    cues: dict[int, list[Cue]] = {track.index: [] for track in tracks}
    before: dict[int, Packet[Any]] = {}
    for packet in packets(source, clock, *tracks):
        if packet.pts is None or not packet.size:
            continue
        begins = packet.pts * packet.time_base
        if packet.stream.index == clock.index:
            if packet.is_keyframe and begins > end:
                break
        elif not packet.duration and begins < start:
            before[packet.stream.index] = packet
        elif begins < end and (begins + (packet.duration or 0) * packet.time_base > start or not packet.duration):
            cues[packet.stream.index].append(_cue(packet, start, end))
    for index, packet in before.items():
        cues[index].insert(0, Cue(start=Fraction(0), length=Fraction(0), data=bytes(packet)))
    return cues


def _cue(packet: Packet[Any], start: Fraction, end: Fraction) -> Cue:
    base = Fraction(packet.time_base.numerator, packet.time_base.denominator)
    begins = (packet.pts or 0) * base
    length = min(begins + packet.duration * base, end) - max(begins, start) if packet.duration else Fraction(0)
    return Cue(start=max(begins - start, Fraction(0)), length=length, data=bytes(packet))


def _packets(stream: Stream, cues: list[Cue]) -> Iterator[tuple[Stream, Packet[Any]]]:
    base = Fraction(1, 1000)
    for cue in sorted(cues, key=lambda one: one.start):
        packet = Packet(cue.data)
        packet.time_base = base
        packet.pts = packet.dts = round_half_up(cue.start / base)
        packet.duration = round_half_up(cue.length / base)
        packet.is_keyframe = True
        yield stream, packet


def _same(data: bytes) -> bytes:
    # A text track of MP4 fills its gaps with cues that say nothing; its writer will make its own.
    return b"" if data == b"\0\0" else data


def _plain(data: bytes) -> str:
    return data.decode("utf-8", "replace").replace("\r", "").strip("\0\n ")


def _of_mov_text(data: bytes) -> str:
    return _plain(data[2 : 2 + int.from_bytes(data[:2], "big")])


def _of_ass(data: bytes) -> str:
    # ReadOrder, Layer, Style, Name, three margins, Effect, Text
    text = _plain(data).split(",", 8)[-1]
    return _OVERRIDES.sub("", text).replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")


def _as_mov_text(text: str) -> bytes:
    data = _TAGS.sub("", text).encode()[:0xFFFF]
    return len(data).to_bytes(2, "big") + data if data else b""


_TO_TEXT: dict[str, Callable[[bytes], str]] = {
    "mov_text": _of_mov_text, "subrip": _plain, "webvtt": _plain, "ass": _of_ass,
}  # fmt: skip
_FROM_TEXT: dict[str, Callable[[str], bytes]] = {
    "mov_text": _as_mov_text, "subrip": str.encode, "webvtt": str.encode,
}  # fmt: skip
