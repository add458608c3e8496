"""In which file a sound track leaves: decided from the probe alone, so that an answer's headers can go out first."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import msgspec

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.facts import AudioTrack, Probe

AudioFormat = Literal["copy", "m4a", "wav", "flac"]

_LATE_SECONDS = Fraction(1, 50)
"""Files of bare packets hold no times: sound that begins later than this after the picture needs a container."""


class AudioPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How a track is written."""

    track: int  # number among the sound tracks
    stream: int  # index of the stream in the file
    muxer: str  # libavformat's name; "wav" is written here
    suffix: str  # "m4a"
    media_type: str
    copied: bool  # the source's own packets
    timed: bool  # the file itself says when the sound begins, to the sample
    origin: str  # seconds, "num/den": the time of the source that the file begins at


_M4A = ("mp4", "m4a", "audio/mp4")
_MATROSKA = ("matroska", "mka", "audio/matroska")
_TIMED = {
    "aac": _M4A,
    "alac": _M4A,
    "opus": ("opus", "opus", "audio/ogg"),
    "vorbis": ("ogg", "ogg", "audio/ogg"),
}
_BARE = {
    "mp3": ("mp3", "mp3", "audio/mpeg"),
    "mp2": ("mp2", "mp2", "audio/mpeg"),
    "flac": ("flac", "flac", "audio/flac"),
    "ac3": ("ac3", "ac3", "audio/ac3"),
    "eac3": ("eac3", "eac3", "audio/eac3"),
    "dts": ("dts", "dts", "audio/vnd.dts"),
}
_ENCODED = {
    "m4a": _M4A,
    "wav": ("wav", "wav", "audio/wav"),
    "flac": ("flac", "flac", "audio/flac"),
}


def plan_audio(probe: Probe, track: int, wanted: AudioFormat) -> AudioPlan:
    """The file for sound track number `track`.

    `copy` takes the codec's own container. Uncompressed sound becomes WAV, which is the same samples; FLAC that has
    to be moved in time is coded again, without loss; what cannot say in its own container that it begins late, and
    what has none, goes into Matroska. Zero is the picture's first frame, or the track's own begin without a picture.

    Raises CutroomError media.no-sound, media.no-track.
    """
    sound = _track(probe, track)
    origin = Fraction(probe.video.start if probe.video is not None else sound.start)
    late = Fraction(sound.start) - origin
    copied = wanted == "copy" and not sound.codec.startswith("pcm_")
    if wanted != "copy":
        muxer, suffix, media_type = _ENCODED[wanted]
    elif sound.codec.startswith("pcm_"):
        muxer, suffix, media_type = _ENCODED["wav"]
    elif sound.codec in _TIMED:
        muxer, suffix, media_type = _TIMED[sound.codec]
    elif sound.codec == "flac" and late:
        copied, (muxer, suffix, media_type) = False, _ENCODED["flac"]
    elif sound.codec in _BARE and late <= _LATE_SECONDS:
        muxer, suffix, media_type = _BARE[sound.codec]
    else:
        muxer, suffix, media_type = _MATROSKA
    return AudioPlan(
        track=track,
        stream=sound.index,
        muxer=muxer,
        suffix=suffix,
        media_type=media_type,
        copied=copied,
        timed=not copied or muxer not in {bare[0] for bare in _BARE.values()},
        origin=f"{origin.numerator}/{origin.denominator}",
    )


def _track(probe: Probe, track: int) -> AudioTrack:
    if not probe.audio:
        raise CutroomError("media.no-sound", "There is no sound in it.", kind=ErrorKind.NOT_FOUND)
    if not 0 <= track < len(probe.audio):
        count = len(probe.audio)
        message = f"There is no sound track {track}: it has {count}, counted from 0."
        raise CutroomError("media.no-track", message, kind=ErrorKind.NOT_FOUND)
    return probe.audio[track]
