"""What a ladder was made of and what came out, as plain values."""

from __future__ import annotations

import msgspec

from cutroom.media.ladder.clock import Timing
from cutroom.media.peaks import PeaksDetail
from cutroom.media.sprite import SpriteDetail


class RungResult(msgspec.Struct, frozen=True, kw_only=True):
    """One size of the picture."""

    height: int
    width: int
    bandwidth: int  # bits a second that no stretch of segments exceeds, without sound
    average_bandwidth: int | None
    codecs: str  # "avc1.64001f"
    frame_rate: str


class AudioResult(msgspec.Struct, frozen=True, kw_only=True):
    """One sound track."""

    index: int  # of the rendition: folder audio/INDEX, playlist audio-INDEX.m3u8
    stream: int  # of the source
    name: str
    language: str | None
    default: bool
    channels: int
    sample_rate: int
    copied: bool  # the source's own packets, not encoded again
    bandwidth: int
    codecs: str  # "mp4a.40.2"


class SubtitleResult(msgspec.Struct, frozen=True, kw_only=True):
    """One subtitle track: segments in subtitles/INDEX, playlist subtitles-INDEX.m3u8, whole in subtitles-INDEX.vtt."""

    index: int
    stream: int  # of the source
    name: str
    language: str | None
    forced: bool
    cues: int


class Texted(msgspec.Struct, frozen=True, kw_only=True):
    """The subtitles of a ladder that is made in parts, kept beside their segments until it is put together."""

    tracks: list[SubtitleResult]
    notes: list[str]


class LadderResult(msgspec.Struct, frozen=True, kw_only=True):
    """A finished ladder."""

    master: str  # name of the master playlist in the playlist folder
    rungs: list[RungResult]  # tallest first; empty for sound without picture
    audio: list[AudioResult]
    frames: int
    timing: Timing | None  # None without a picture
    duration: str  # seconds, "num/den": of the picture, or of the sound where there is none
    bytes: int  # of segments and init segments
    segments: int
    damaged_packets: int  # that did not decode and were passed over
    notes: list[str]  # what was done to the footage that a person should know
    subtitles: list[SubtitleResult] = []
    sprite: SpriteDetail | None = None
    peaks: PeaksDetail | None = None
