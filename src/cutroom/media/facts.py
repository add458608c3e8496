"""What can be said about a file, as plain values: the probe's answer, shared by library, inspection and pages."""

from __future__ import annotations

import msgspec


class GopFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Groups of pictures, counted from keyframe to keyframe in the order they are stored."""

    frames: int  # that are shown
    gops: int
    closed: int  # groups that begin with a picture nothing reaches back over, such as IDR
    open: int  # groups whose first frames may need the group before: recovery point, CRA
    shortest: int  # frames
    mean: float
    longest: int
    lengths: list[int]  # of the first 1,000 groups
    b_frames: int  # most frames in a row that are shown before one that was stored before them
    reorder: int  # frames that a decoder has to hold back
    bit_rate: int | None  # bits a second of the picture alone
    peak_bit_rate: int | None  # of its densest second


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
    bit_rate: int | None  # bits a second, as declared
    color: Color
    hdr: str  # "none", "hlg", "pq", "hdr10+", "dolby-vision"
    interlaced: bool
    codec_string: str | None  # "avc1.64001f", as in RFC 6381
    mirrored: bool = False  # left and right are swapped before it is turned
    field_order: str | None = None  # "progressive", "top-first", "bottom-first"; None: the file does not say
    dolby_vision_profile: int | None = None
    language: str | None = None
    title: str | None = None


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
    profile: str | None = None  # "LC"
    start: str = "0/1"  # presentation time of its first sample, seconds as "num/den"


class SubtitleTrack(msgspec.Struct, frozen=True, kw_only=True):
    """A track of subtitles."""

    index: int
    codec: str
    language: str | None
    title: str | None
    default: bool = False
    forced: bool = False


class OtherTrack(msgspec.Struct, frozen=True, kw_only=True):
    """A track that is neither the picture, nor sound, nor subtitles."""

    index: int
    kind: str  # "video" (a further one), "picture" (cover art), "timecode", "data", "attachment"
    codec: str | None
    language: str | None
    title: str | None
    width: int | None = None  # stored pixels, of a picture
    height: int | None = None


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """A named stretch of the file; times are seconds as "num/den"."""

    start: str
    end: str
    title: str | None


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """What recorded or wrote the file, as it says itself."""

    make: str | None  # "Apple"
    model: str | None  # "iPhone 15 Pro"
    software: str | None  # "17.4.1", or the program that wrote it


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
    others: list[OtherTrack] = []
    timecode_source: str | None = None  # "track" (tmcd), "header" (MXF and others), "picture" (beside the first frame)
    device: Device | None = None
    counted: GopFacts | None = None  # where every packet was read


def with_count(found: Probe, counted: GopFacts | None) -> Probe:
    """The same with what was counted, in place of what was declared."""
    if counted is None or found.video is None:
        return found
    video = msgspec.structs.replace(found.video, frames=counted.frames, frames_source="counted")
    return msgspec.structs.replace(found, video=video, counted=counted)
