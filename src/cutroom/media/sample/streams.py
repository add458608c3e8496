"""The encoders and containers that made footage can use."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

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


def add_video(
    output: OutputContainer,
    suffix: str,
    codec: str | None,
    *,
    rate: Fraction,
    time_base: Fraction,
    width: int,
    height: int,
    gop: int,
    bframes: int,
    open_gop: bool,
    crf: int,
    pixel_format: str,
    rotation: int,
    timecode: str | None,
    options: Mapping[str, str],
) -> VideoStream:
    """A video stream with a fixed keyframe distance and nothing decided by the encoder's mood."""
    name = codec or _VIDEO_CODECS.get(suffix, "libx264")
    chosen = {**_encoder_options(name, gop, bframes, open_gop, crf), **options}
    stream = output.add_stream(name, rate=rate, options=chosen)
    if not isinstance(stream, VideoStream):
        raise ValueError(f"{name} is not a video encoder")
    stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
    context = stream.codec_context
    context.time_base, context.framerate = time_base, rate
    context.thread_count, context.thread_type = 0, "FRAME"  # PyAV asks for one thread, and slices, unless told
    context.gop_size, context.max_b_frames = gop, bframes
    context.color_primaries = context.color_trc = context.colorspace = context.color_range = 1
    if rotation:
        stream.set_display_rotation(-rotation)  # libav counts anticlockwise
    if timecode is not None:
        output.metadata["timecode"] = timecode
    return stream


def add_audio(output: OutputContainer, suffix: str, codec: str | None) -> AudioStream:
    """A stereo stream of 48 kHz in the container's usual codec."""
    stream = output.add_stream(codec or _AUDIO_CODECS.get(suffix, "aac"), rate=SAMPLE_RATE)
    if not isinstance(stream, AudioStream):
        raise ValueError(f"{codec} is not an audio encoder")
    stream.codec_context.layout = "stereo"
    return stream


def _encoder_options(name: str, gop: int, bframes: int, open_gop: bool, crf: int) -> dict[str, str]:
    if name == "libx264":
        parameters = f"scenecut=0:open-gop={int(open_gop)}"
        return {"preset": "veryfast", "crf": str(crf), "x264-params": parameters, "bf": str(bframes)}
    if name == "libx265":
        parameters = (
            f"log-level=error:scenecut=0:keyint={gop}:min-keyint={gop}:bframes={bframes}:open-gop={int(open_gop)}"
        )
        return {"preset": "ultrafast", "crf": str(crf), "x265-params": parameters}
    if name == "libvpx-vp9":
        return {"deadline": "realtime", "cpu-used": "8", "crf": str(crf + 8), "b": "0", "row-mt": "1"}
    if name == "libsvtav1":
        return {"preset": "12", "crf": str(crf + 12)}
    if name in ("mpeg4", "mpeg2video"):
        return {"qscale": "4", "flags": "+qscale", "global_quality": str(4 * 118), "sc_threshold": "1000000000"}
    return {}
