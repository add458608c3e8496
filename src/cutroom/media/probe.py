"""What a file says it holds, read from its header: cheap enough for every file, and wary of where headers lie."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import msgspec
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from cutroom.media.codec_string import codec_string
from cutroom.media.frame_clock import FrameClock, read_frame_clock, track_seconds
from cutroom.media.rotation import read_rotation
from cutroom.media.source import open_source, reading

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
_HDR = {16: "pq", 18: "hlg"}
_MOST_TAGS, _LONGEST_TAG = 50, 500


class Color(msgspec.Struct, frozen=True, kw_only=True):
    """Colour as declared; None where the file does not say."""

    primaries: str | None
    transfer: str | None
    matrix: str | None
    range: str | None  # "limited", "full"


class VideoTrack(msgspec.Struct, frozen=True, kw_only=True):
    """The first track of moving pictures."""

    index: int  # of the stream in the file
    codec: str  # "h264"
    profile: str | None
    width: int  # as shown: after rotation and with square pixels
    height: int
    coded_width: int  # as stored
    coded_height: int
    rotation: int  # degrees clockwise that the stored picture is turned to be shown: 0, 90, 180, 270
    sample_aspect: str  # width:height of a stored pixel, "1:1"
    pixel_format: str | None  # "yuv420p10le"
    bit_depth: int | None
    frame_rate: str  # exact frames a second, "30000/1001"; of a variable rate, the one it varies around
    variable_rate: bool | None  # None: too few frames were looked at to tell
    frames: int | None  # frames that are shown, edit lists applied
    frames_source: str  # "declared" in a sample table, "estimated" from duration and rate, "counted"
    time_base: str  # seconds a tick, "1/90000"
    start: str  # presentation time of the first frame, seconds as "num/den"
    bit_rate: int | None  # bits a second
    color: Color
    hdr: str  # "none", "hlg", "pq"
    interlaced: bool
    codec_string: str | None  # "avc1.64001f", as in RFC 6381


class AudioTrack(msgspec.Struct, frozen=True, kw_only=True):
    """A track of sound."""

    index: int
    codec: str
    sample_rate: int  # samples a second
    channels: int
    layout: str  # "stereo", "5.1"
    language: str | None
    title: str | None
    bit_rate: int | None
    default: bool


class SubtitleTrack(msgspec.Struct, frozen=True, kw_only=True):
    """A track of subtitles."""

    index: int
    codec: str
    language: str | None
    title: str | None


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """A named stretch of the file; times are seconds as "num/den"."""

    start: str
    end: str
    title: str | None


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A file as its header describes it; times are exact seconds as "num/den"."""

    format: str  # libavformat's names of the container, "mov,mp4,m4a,3gp,3g2,mj2"
    size_bytes: int
    duration: str | None  # of the picture where there is one, else of the sound
    start: str  # presentation time that the file begins at
    video: VideoTrack | None
    audio: list[AudioTrack]
    subtitles: list[SubtitleTrack]
    timecode: str | None  # of the first frame, "01:00:00:00"
    created: str | None  # as written by the camera, usually ISO 8601
    chapters: list[Chapter]
    tags: dict[str, str]


def probe(path: Path) -> Probe:
    """Read the header of `path`, and at most the first packets; nothing is decoded.

    Raises CutroomError as `open_source` does.
    """
    with open_source(path) as container, reading(path):
        stream = real_video(container)
        clock = read_frame_clock(container, stream) if stream is not None else None
        video = _video(path, container, stream, clock) if stream is not None and clock is not None else None
        return Probe(
            format=container.format.name,
            size_bytes=container.size,
            duration=_duration(container, stream, clock),
            start=_ratio(Fraction(container.start_time or 0, 1_000_000)),
            video=video,
            audio=[_audio(track) for track in container.streams.audio if track.codec_context is not None],
            subtitles=[_subtitle(track) for track in container.streams.subtitles],
            timecode=_timecode(container),
            created=container.metadata.get("creation_time"),
            chapters=_chapters(container),
            tags=_tags(container.metadata),
        )


def real_video(container: InputContainer) -> VideoStream | None:
    """The first video stream that moves: cover art and chapter pictures are none."""
    stills = Disposition.attached_pic | Disposition.timed_thumbnails
    for stream in container.streams.video:
        if stream.codec_context is not None and not stream.disposition & stills and stream.width and stream.height:
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


def _video(path: Path, container: InputContainer, stream: VideoStream, clock: FrameClock) -> VideoTrack:
    context = stream.codec_context
    rotation = read_rotation(path, container, stream)
    aspect = sample_aspect(stream)
    width, height = display_size(stream.width, stream.height, aspect, rotation)
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
        hdr=_HDR.get(context.color_trc, "none"),
        interlaced=context.field_order > 1,
        codec_string=codec_string(context),
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
    )


def _subtitle(stream: SubtitleStream) -> SubtitleTrack:
    name = stream.codec_context.codec.canonical_name if stream.codec_context is not None else "unknown"
    language, title = _language(stream.metadata), stream.metadata.get("title")
    return SubtitleTrack(index=stream.index, codec=name, language=language, title=title)


def _language(metadata: dict[str, str]) -> str | None:
    language = metadata.get("language")
    return None if language in (None, "und", "") else language


def _duration(container: InputContainer, stream: VideoStream | None, clock: FrameClock | None) -> str | None:
    if clock is not None and clock.duration is not None:
        return _ratio(clock.duration)
    track = stream if stream is not None else next(iter(container.streams.audio), None)
    length = track_seconds(container, track) if track is not None else None
    return _ratio(length) if length is not None else None


def _timecode(container: InputContainer) -> str | None:
    for metadata in (container.metadata, *(stream.metadata for stream in container.streams)):
        if "timecode" in metadata:
            return metadata["timecode"]
    return None


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
    return {key[:100]: value[:_LONGEST_TAG] for key, value in list(metadata.items())[:_MOST_TAGS]}


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
