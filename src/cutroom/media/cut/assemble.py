"""Putting a clip together: one video made by a mode, the source's sound, and the proof that every frame arrived."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.core.timecode import drops_frames, format_timecode, parse_position
from cutroom.media.cut.encoded_sound import add_encoded_track, encoded_packets
from cutroom.media.cut.extras import keep_chapters, keep_covers, left_out
from cutroom.media.cut.index import first_video, read_pictures
from cutroom.media.cut.pictures import Pictures, Wanted
from cutroom.media.cut.sound import SoundRange, open_sound, sound_packets
from cutroom.media.cut.subtitles import add_subtitles
from cutroom.media.cut.writer import Target, holds_sound, keep_tags, mux_in_order, open_output, written_aside
from cutroom.media.source import HEADER_ONLY, open_source, reading, shown

Report = Callable[[float, str], None]
"""Takes the fraction done and the stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Frames [first, last) of a file, and where they go."""

    source: Path
    target: Target
    pictures: Pictures
    first: int
    last: int
    report: Report
    copies_only: bool = False  # nothing may be encoded

    def ticks(self, frame: int) -> int:
        """Start of a frame, counted from the cut's first one."""
        if not self.pictures.ordered:
            return (frame - self.first) * self.pictures.tick
        return self.pictures.start(frame) - self.pictures.start(self.first)

    @property
    def open_options(self) -> dict[str, str] | None:
        """How to open the source for its packets, which needs no picture to be decoded first."""
        return HEADER_ONLY if self.pictures.headed else None

    @property
    def seconds(self) -> tuple[Fraction, Fraction]:
        """Start and end on the file's clock."""
        pictures = self.pictures
        if not pictures.ordered:
            return self.first / pictures.rate, self.last / pictures.rate
        return pictures.seconds(self.first), pictures.seconds(self.last)


@dataclass(slots=True)
class Video:
    """The video track of a clip: its stream, its packets in decoding order, and the times they must show."""

    stream: Stream
    packets: Iterator[Packet[Any]]
    shows: list[int] = field(default_factory=list)  # ticks; filled by the time the packets are used up
    lost: list[str] = field(default_factory=list)  # what of the pictures could not be kept, in words


MakeVideo = Callable[[OutputContainer, VideoStream], Video]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a clip's file holds: its frames, and in words what of the source it does not."""

    frames: int
    dropped: list[str]


def assemble(cut: Cut, make_video: MakeVideo) -> Written:
    """Write the clip and answer what it holds.

    Raises CutroomError with `clip.no-space`, `clip.not-written`, `clip.container`, `clip.incomplete`, `media.*`.
    """
    with (
        written_aside(cut.target) as aside,
        open_source(cut.source) as source,
        open_sound(cut.source, cut.open_options) as (heard, tracks),
    ):
        template = first_video(source, cut.source)
        with open_output(aside, cut.target, source) as output:
            video = make_video(output, template)
            timecode = _moved_timecode(source, template, cut)
            keep_tags(video.stream, template, timecode=timecode)
            pictures = ((video.stream, packet) for packet in _reported(video.packets, cut))
            dropped: list[str] = []
            sound = _sound(output, cut, heard, tracks, dropped)
            others, lost = _others(output, source, template, cut)
            if timecode and cut.target.container == "mpegts":
                dropped.append("timecode: this container holds none")
            mux_in_order(output, [pictures, *sound, *others])
        cut.report(1.0, "checking")
        _check(aside, cut, video)
    return Written(frames=len(video.shows), dropped=[*video.lost, *dropped, *lost])


def _others(
    output: OutputContainer, source: InputContainer, template: VideoStream, cut: Cut
) -> tuple[list[Iterator[tuple[Stream, Packet[Any]]]], list[str]]:
    """Readers for subtitles and cover images, chapters set, and what is dropped."""
    start, end = cut.seconds
    with reading(cut.source):
        covers, no_covers = keep_covers(output, source)
    subtitles = add_subtitles(output, cut.target.container, cut.source, start, end, cut.open_options)
    dropped = [*subtitles.dropped, *keep_chapters(output, source, start, end), *no_covers]
    return [*subtitles.packets(), *covers], [*dropped, *left_out(source, template)]


def _sound(
    output: OutputContainer, cut: Cut, heard: InputContainer, tracks: list[AudioStream], dropped: list[str]
) -> list[Iterator[tuple[Stream, Packet[Any]]]]:
    """Readers for the sound: one for what is copied, one for each track that has to be encoded again."""
    streams: dict[int, Stream] = {}
    start, end = cut.seconds
    wanted = SoundRange(start=start, end=end, hides_priming=cut.target.hides_priming)
    readers: list[Iterator[tuple[Stream, Packet[Any]]]] = []
    for track in tracks:
        name = track.codec_context.codec.canonical_name
        try:
            layout_known = not track.codec_context.layout.name.endswith(" channels")
            if not holds_sound(cut.target.container, name, layout_known=layout_known):
                raise ValueError(name)
            streams[track.index] = output.add_stream_from_template(track, opaque=True)
            keep_tags(streams[track.index], track)
        except ValueError as error:
            if cut.copies_only:
                raise _no_room(cut, "sound", name) from error
            stream = add_encoded_track(output, track)
            keep_tags(stream, track)
            readers.append(encoded_packets(cut.source, track.index, stream, wanted))
            dropped.append(f"audio track {track.index} is encoded again: this container does not hold {name}")
    copied = [track for track in tracks if track.index in streams]
    readers.append((streams[p.stream.index], p) for p in sound_packets(cut.source, heard, copied, wanted))
    return readers


def _no_room(cut: Cut, what: str, codec: str) -> CutroomError:
    return CutroomError(
        "clip.container",
        f"{cut.target.path.suffix} cannot hold the {what} of {shown(cut.source)} ({codec}).",
        hint="Write an .mkv or .mov file, or use mode exact.",
        kind=ErrorKind.UNSUPPORTED,
    )


def _reported(packets: Iterator[Packet[Any]], cut: Cut) -> Iterator[Packet[Any]]:
    total = max(1, cut.last - cut.first)
    for done, packet in enumerate(packets):
        cut.report(min(1.0, done / total), "cutting")
        yield packet


def source_timecode(source: InputContainer, template: VideoStream) -> str | None:
    """The timecode of the file's first frame, from wherever its container keeps it."""
    tagged = [template.metadata, source.metadata, *(stream.metadata for stream in source.streams)]
    return next((tags["timecode"] for tags in tagged if tags.get("timecode")), None)


def _moved_timecode(source: InputContainer, template: VideoStream, cut: Cut) -> str | None:
    """The source's timecode at the cut's first frame."""
    start = source_timecode(source, template)
    if start is None:
        return None
    with contextlib.suppress(CutroomError):
        rate, drop = cut.pictures.rate, ";" in start
        if not drop or drops_frames(rate):
            return format_timecode(parse_position(start, rate) + cut.first, rate, drop)
    return None


def _check(aside: Path, cut: Cut, video: Video) -> None:
    """Read the clip back and compare every frame's time with what was meant: the last chance to keep the old file."""
    got = read_pictures(aside, Wanted(), headed=cut.target.hides_priming)
    if not got.ordered:
        raise _incomplete(cut, "its frames are out of order")
    meant = [time * cut.pictures.time_base for time in sorted(video.shows)]
    start = got.starts[0] * got.time_base
    found = [time * got.time_base - start for time in got.starts]
    # Matroska keeps milliseconds; a frame that moved would be off by far more.
    slack = got.time_base + cut.pictures.time_base
    if len(found) != len(meant):
        raise _incomplete(cut, f"it holds {len(found)} frames instead of {len(meant)}")
    if any(abs(a - b + meant[0]) > slack for a, b in zip(found, meant, strict=True)):
        raise _incomplete(cut, "a frame moved")


def _incomplete(cut: Cut, why: str) -> CutroomError:
    return CutroomError(
        "clip.incomplete",
        f"The clip of {shown(cut.source)} did not come out right: {why}.",
        hint="Cut it with mode exact, or inspect the source.",
        kind=ErrorKind.FAILED,
    )
