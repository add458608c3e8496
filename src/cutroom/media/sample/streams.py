"""The encoders and containers that made footage can use."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import msgspec
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from cutroom.media.sample.sound import SAMPLE_RATE

VARIABLE_TIME_BASE = Fraction(1, 90_000)
FORMATS = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".ts": "mpegts",
    ".webm": "webm",
}
_VIDEO_CODECS = {".webm": "libvpx-vp9"}
_AUDIO_CODECS = {".webm": "libopus"}


class VideoPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How the picture is to be encoded."""

    codec: str | None  # an encoder's name; None: the container's usual one
    rate: Fraction  # frames a second
    time_base: Fraction  # seconds a tick
    start: Fraction  # seconds of the first frame
    width: int  # as stored
    height: int
    gop: int  # frames
    bframes: int
    open_gop: bool
    crf: int
    pixel_format: str
    rotation: int  # degrees clockwise
    timecode: str | None
    options: Mapping[str, str]  # the encoder's own


def add_video(output: OutputContainer, suffix: str, plan: VideoPlan) -> VideoStream:
    """A video stream with a fixed keyframe distance and nothing decided by the encoder's mood."""
    name = plan.codec or _VIDEO_CODECS.get(suffix, "libx264")
    stream = output.add_stream(name, rate=plan.rate, options={**_encoder_options(name, plan), **plan.options})
    if not isinstance(stream, VideoStream):
        raise ValueError(f"{name} is not a video encoder")
    stream.width, stream.height, stream.pix_fmt = plan.width, plan.height, plan.pixel_format
    context = stream.codec_context
    context.time_base, context.framerate = plan.time_base, plan.rate
    context.thread_count, context.thread_type = 0, "FRAME"  # PyAV asks for one thread, and slices, unless told
    context.gop_size, context.max_b_frames = plan.gop, plan.bframes
    context.color_primaries = context.color_trc = context.colorspace = context.color_range = 1
    if plan.rotation:
        stream.set_display_rotation(-plan.rotation)  # libav counts anticlockwise
    if plan.timecode is not None:
        output.metadata["timecode"] = plan.timecode
    return stream


def add_audio(output: OutputContainer, suffix: str, codec: str | None) -> AudioStream:
    """A stereo stream of 48 kHz in the container's usual codec."""
    stream = output.add_stream(codec or _AUDIO_CODECS.get(suffix, "aac"), rate=SAMPLE_RATE)
    if not isinstance(stream, AudioStream):
        raise ValueError(f"{codec} is not an audio encoder")
    stream.codec_context.layout = "stereo"
    return stream


def _encoder_options(name: str, plan: VideoPlan) -> dict[str, str]:
    opened = f"scenecut=0:open-gop={int(plan.open_gop)}"
    if name == "libx264":
        return {"preset": "veryfast", "crf": str(plan.crf), "x264-params": opened, "bf": str(plan.bframes)}
    if name == "libx265":
        gop = f"keyint={plan.gop}:min-keyint={plan.gop}:bframes={plan.bframes}"
        return {"preset": "ultrafast", "crf": str(plan.crf), "x265-params": f"log-level=error:{opened}:{gop}"}
    if name == "libvpx-vp9":
        return {"deadline": "realtime", "cpu-used": "8", "crf": str(plan.crf + 8), "b": "0", "row-mt": "1"}
    if name == "libsvtav1":
        return {"preset": "12", "crf": str(plan.crf + 12)}
    if name in ("mpeg4", "mpeg2video"):
        return {"qscale": "4", "flags": "+qscale", "global_quality": str(4 * 118), "sc_threshold": "1000000000"}
    return {}
