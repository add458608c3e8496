"""What a file says it holds, read from its header: cheap enough for every file, and wary of where headers lie."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition, Stream
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from cutroom.media.codec_string import codec_string
from cutroom.media.device import created_of, device_of
from cutroom.media.dynamic_range import dolby_vision_profile, hdr_kind, may_be_dynamic
from cutroom.media.facts import (
    AudioTrack,
    Chapter,
    Color,
    OtherTrack,
    Probe,
    SubtitleTrack,
    VideoTrack,
)
from cutroom.media.frame_clock import FrameClock, read_frame_clock, track_seconds
from cutroom.media.picture_stamp import may_hold_stamp, read_stamp
from cutroom.media.rotation import read_orientation
from cutroom.media.source import open_source, packets, reading

__all__ = ["Probe", "display_size", "probe", "real_video", "sample_aspect"]

_PRIMARIES = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    9: "bt2020",
    11: "smpte431",
    12: "smpte432",
}
_TRANSFERS = {1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear", 13: "srgb",
              14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 18: "arib-std-b67"}  # fmt: skip
_MATRICES = {
    0: "rgb",
    1: "bt709",
    4: "fcc",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    9: "bt2020nc",
    10: "bt2020c",
    14: "ictcp",
}
_RANGES = {1: "limited", 2: "full"}
_FIELDS = {1: "progressive", 2: "top-first", 5: "top-first", 3: "bottom-first", 4: "bottom-first"}
_STILLS = Disposition.attached_pic | Disposition.timed_thumbnails
_MOST_TAGS, _LONGEST_TAG = 50, 500
_MOST_TRACKS = 200


def probe(path: Path) -> Probe:
    """Read the header of `path`, and at most the first packets; nothing is decoded.

    Raises CutroomError as `open_source` does.
    """
    with open_source(path, options={"export_xmp": "1"}) as container, reading(path):
        stream = real_video(container)
        first: list[Packet[Any]] = []
        clock = read_frame_clock(container, stream, first.append) if stream is not None else None
        timecode, timecode_source = _timecode(container, stream)
        if stream is not None and not first and _worth_reading(stream, timecode):
            first += _first_packet(container, stream)
        if stream is not None and first and timecode is None and (stamp := read_stamp(stream, first[0])):
            timecode, timecode_source = stamp, "picture"
        video = _video(path, container, stream, clock, first) if stream is not None and clock is not None else None
        return Probe(
            format=container.format.name,
            size_bytes=container.size,
            duration=_duration(container, stream, clock),
            start=_ratio(Fraction(container.start_time or 0, 1_000_000)),
            video=video,
            audio=[_audio(track) for track in container.streams.audio if track.codec_context is not None],
            subtitles=[_subtitle(track) for track in container.streams.subtitles],
            timecode=timecode,
            created=created_of(container.metadata),
            chapters=_chapters(container),
            tags=_tags(container.metadata),
            others=_others(container, stream),
            timecode_source=timecode_source,
            device=device_of(container.metadata),
        )


def real_video(container: InputContainer) -> VideoStream | None:
    """The first video stream that moves: cover art and chapter pictures are none."""
    for stream in container.streams.video:
        if stream.codec_context is not None and not stream.disposition & _STILLS and stream.width and stream.height:
            return stream
    return None


def display_size(width: int, height: int, aspect: Fraction, rotation: int) -> tuple[int, int]:
    """The size in square pixels after turning; the stored height is kept and the width follows the pixel's shape."""
    wide = max(round(width * aspect), 1)
    return (height, wide) if rotation % 180 else (wide, height)


def sample_aspect(stream: VideoStream) -> Fraction:
    """Width over height of a stored pixel; square where the file says nothing or nonsense."""
    aspect = stream.sample_aspect_ratio
    return aspect if aspect is not None and Fraction(1, 10) <= aspect <= 10 else Fraction(1)


def _worth_reading(stream: VideoStream, timecode: str | None) -> bool:
    """Whether the first packet may hold what the header does not."""
    return (timecode is None and may_hold_stamp(stream)) or may_be_dynamic(stream)


def _first_packet(container: InputContainer, stream: VideoStream) -> list[Packet[Any]]:
    """The next packet of a stream, if it can be read: damage there is for others to tell."""
    try:
        return [packet for packet in [next(packets(container, stream), None)] if packet is not None and packet.size]
    except FFmpegError:
        return []


def _video(
    path: Path, container: InputContainer, stream: VideoStream, clock: FrameClock, first: list[Packet[Any]]
) -> VideoTrack:
    context = stream.codec_context
    orientation = read_orientation(path, container, stream)
    rotation = orientation.degrees
    aspect = sample_aspect(stream)
    width, height = display_size(stream.width, stream.height, aspect, rotation)
    profile = dolby_vision_profile(path, container, stream)
    return VideoTrack(
        index=stream.index,
        codec=context.codec.canonical_name,
        profile=context.profile,
        width=width,
        height=height,
        coded_width=stream.width,
        coded_height=stream.height,
        rotation=rotation,
        sample_aspect=f"{aspect.numerator}:{aspect.denominator}",
        pixel_format=context.pix_fmt,
        bit_depth=context.format.components[0].bits if context.format is not None else None,
        frame_rate=_ratio(clock.rate),
        variable_rate=clock.variable,
        frames=clock.frames,
        frames_source=clock.frames_source,
        time_base=_ratio(stream.time_base or Fraction(1)),
        start=_ratio((stream.start_time or 0) * (stream.time_base or Fraction(1))),
        bit_rate=stream.bit_rate or None,
        color=Color(
            primaries=_PRIMARIES.get(context.color_primaries),
            transfer=_TRANSFERS.get(context.color_trc),
            matrix=_MATRICES.get(context.colorspace),
            range=_RANGES.get(context.color_range),
        ),
        hdr=hdr_kind(stream, profile, first[0] if first else None),
        interlaced=context.field_order > 1,
        codec_string=codec_string(context),
        mirrored=orientation.mirrored,
        field_order=_FIELDS.get(context.field_order),
        dolby_vision_profile=profile or None,
        language=_language(stream.metadata),
        title=stream.metadata.get("title"),
    )


def _audio(stream: AudioStream) -> AudioTrack:
    context = stream.codec_context
    return AudioTrack(
        index=stream.index,
        codec=context.codec.canonical_name,
        sample_rate=context.sample_rate or 0,
        channels=context.layout.nb_channels,
        layout=context.layout.name,
        language=_language(stream.metadata),
        title=stream.metadata.get("title"),
        bit_rate=context.bit_rate or None,
        default=bool(stream.disposition & Disposition.default),
        profile=context.profile,
        start=_ratio((stream.start_time or 0) * (stream.time_base or Fraction(1))),
    )


def _subtitle(stream: SubtitleStream) -> SubtitleTrack:
    name = stream.codec_context.codec.canonical_name if stream.codec_context is not None else "unknown"
    return SubtitleTrack(
        index=stream.index,
        codec=name,
        language=_language(stream.metadata),
        title=stream.metadata.get("title"),
        default=bool(stream.disposition & Disposition.default),
        forced=bool(stream.disposition & Disposition.forced),
    )


def _others(container: InputContainer, main: VideoStream | None) -> list[OtherTrack]:
    """Everything beside the picture, sound and subtitles."""
    found = []
    for stream in islice(container.streams, _MOST_TRACKS):
        if stream is main or stream.type == "subtitle" or (stream.type == "audio" and stream.codec_context is not None):
            continue
        context = stream.codec_context
        kind: str = "timecode" if "timecode" in stream.metadata and stream.type == "data" else stream.type
        if isinstance(stream, VideoStream) and stream.disposition & _STILLS:
            kind = "picture"
        found.append(
            OtherTrack(
                index=stream.index,
                kind=kind,
                codec=context.codec.canonical_name if context is not None else None,
                language=_language(stream.metadata),
                title=stream.metadata.get("title") or stream.metadata.get("filename"),
                width=stream.width or None if isinstance(stream, VideoStream) and context is not None else None,
                height=stream.height or None if isinstance(stream, VideoStream) and context is not None else None,
            )
        )
    return found


def _language(metadata: dict[str, str]) -> str | None:
    language = metadata.get("language")
    return None if language in (None, "und", "") else language


def _duration(container: InputContainer, stream: VideoStream | None, clock: FrameClock | None) -> str | None:
    if clock is not None and clock.duration is not None:
        return _ratio(clock.duration)
    track = stream if stream is not None else next(iter(container.streams.audio), None)
    length = track_seconds(container, track) if track is not None else None
    return _ratio(length) if length is not None else None


def _timecode(container: InputContainer, video: VideoStream | None) -> tuple[str | None, str | None]:
    """The timecode that the header or a timecode track gives, the picture's before others, and which of the two."""
    for name in ("timecode", "TIMECODE"):
        if name in container.metadata:
            return container.metadata[name], "header"
    streams: list[Stream] = sorted(container.streams, key=lambda stream: stream is not video)
    for stream in streams:
        if "timecode" in stream.metadata:
            moving = container.format.name.startswith("mov")
            return stream.metadata["timecode"], "track" if moving or stream.type == "data" else "header"
    return None, None


def _chapters(container: InputContainer) -> list[Chapter]:
    return [
        Chapter(
            start=_ratio(chapter["start"] * (chapter["time_base"] or Fraction(1))),
            end=_ratio(chapter["end"] * (chapter["time_base"] or Fraction(1))),
            title=chapter["metadata"].get("title"),
        )
        for chapter in container.chapters()[:1000]
    ]


def _tags(metadata: dict[str, str]) -> dict[str, str]:
    return {key[:100]: value[:_LONGEST_TAG] for key, value in list(metadata.items())[:_MOST_TAGS] if key != "xmp"}


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
