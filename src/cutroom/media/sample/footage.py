"""Making a video file from a painter and a sound, in the codecs and containers that people have."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Literal, Protocol

import av
import msgspec
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from cutroom.media.sample.barcode import MAX_NUMBER
from cutroom.media.sample.chart import BarcodeChart
from cutroom.media.sample.planes import frame_planes
from cutroom.media.sample.scene import SampleScene
from cutroom.media.sample.scheduling import ordinary_scheduling
from cutroom.media.sample.sound import SAMPLE_RATE, Sound, make_sound
from cutroom.media.sample.streams import FORMATS, VARIABLE_TIME_BASE, VideoPlan, add_audio, add_video

_BLOCK = 1024  # samples a call to the audio encoder: an AAC frame


class Footage(msgspec.Struct, frozen=True, kw_only=True):
    """What was made: tests compare with it."""

    path: str
    rate: str  # nominal frames a second, "30000/1001"
    time_base: str  # of `pts`
    pts: list[int]  # when each frame is shown, in `time_base`, as given to the encoder
    samples: int  # audio samples per channel, at 48 kHz


class _Painter(Protocol):
    def paint(self, number: int, seconds: Fraction) -> av.VideoFrame: ...


def make_footage(
    path: Path,
    *,
    seconds: float | Fraction,
    rate: Fraction | int = Fraction(30),
    width: int = 1280,
    height: int = 720,
    kind: Literal["sample", "barcode"] = "sample",
    codec: str | None = None,
    audio: Sound | None = "tone",
    audio_codec: str | None = None,
    gop: int | None = None,
    bframes: int = 0,
    open_gop: bool = False,
    variable: bool = False,
    rotation: int = 0,
    crf: int = 23,
    pixel_format: str = "yuv420p",
    timecode: str | None = None,
    start: Fraction = Fraction(0),
    options: Mapping[str, str] | None = None,
    container_options: Mapping[str, str] | None = None,
    report: Callable[[float], None] | None = None,
) -> Footage:
    """Write a video whose container follows the suffix of `path`: .mp4 .m4v .mov .mkv .ts .webm.

    `width` and `height` are of the stored picture; `rotation` (0, 90, 180, 270, clockwise) is written as metadata, and
    the picture is stored turned so that a player shows it upright. `gop` is the largest distance of keyframes in frames
    (two seconds unless given). `variable` gives irregular times around `rate`. `start` moves every time (seconds).
    `codec` None means the container's usual one. Equal arguments give equal pictures and times. The file appears under
    its name only when it is complete.
    """
    plan = VideoPlan(
        codec=codec,
        rate=Fraction(rate),
        time_base=VARIABLE_TIME_BASE if variable else 1 / Fraction(rate),
        start=start,
        width=width,
        height=height,
        gop=gop or round(2 * rate),
        bframes=bframes,
        open_gop=open_gop,
        crf=crf,
        pixel_format=pixel_format,
        rotation=rotation,
        timecode=timecode,
        options=options or {},
    )
    pts = list(_times(Fraction(seconds), plan.rate, variable))
    samples = round(Fraction(seconds) * SAMPLE_RATE) if audio else 0
    frames = _frames(_painter(plan, kind, flash=audio == "beep"), pts, plan)
    _write(path, plan, frames, (audio, audio_codec, samples), dict(container_options or {}), report)
    return Footage(path=str(path), rate=_ratio(plan.rate), time_base=_ratio(plan.time_base), pts=pts, samples=samples)


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def _painter(plan: VideoPlan, kind: str, *, flash: bool) -> _Painter:
    shown = (plan.height, plan.width) if plan.rotation % 180 else (plan.width, plan.height)
    return SampleScene(*shown, plan.rate) if kind == "sample" else BarcodeChart(*shown, flash=flash)


def _write(
    path: Path,
    plan: VideoPlan,
    frames: Iterator[tuple[Fraction, av.VideoFrame]],
    audio: tuple[Sound | None, str | None, int],
    container_options: dict[str, str],
    report: Callable[[float], None] | None,
) -> None:
    kind, codec, samples = audio
    suffix = path.suffix.lower()
    partial = path.with_name(f".{secrets.token_hex(8)}.part")
    name = f"file:{partial.absolute()}"
    try:
        with (
            ordinary_scheduling(),
            av.open(name, "w", format=FORMATS[suffix], container_options=container_options) as output,
        ):
            video = add_video(output, suffix, plan)
            sound = add_audio(output, suffix, codec) if kind else None
            _interleave(output, video, frames, sound, kind, samples, plan.start, report)
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)


def _times(seconds: Fraction, rate: Fraction, variable: bool) -> Iterator[int]:
    """Presentation times: 0, 1, 2 … of a frame's length, or irregular ticks of `VARIABLE_TIME_BASE`."""
    if not variable:
        yield from range(round(seconds * rate))
        return
    chance = np.random.default_rng(11)
    length = 1 / rate / VARIABLE_TIME_BASE
    tick = 0
    while tick * VARIABLE_TIME_BASE < seconds:
        yield tick
        tick += max(
            round(length * Fraction(int(chance.choice([2, 3, 4, 4, 4, 5, 8])), 4)) + int(chance.integers(-9, 10)), 90
        )


def _frames(painter: _Painter, pts: list[int], plan: VideoPlan) -> Iterator[tuple[Fraction, av.VideoFrame]]:
    if len(pts) > MAX_NUMBER:
        raise ValueError(f"at most {MAX_NUMBER} frames can be numbered")
    for number, tick in enumerate(pts):
        frame = painter.paint(number, tick * plan.time_base)
        if plan.rotation:
            frame = _turned(frame, plan.rotation)
        frame.pts, frame.time_base = tick + round(plan.start / plan.time_base), plan.time_base
        yield tick * plan.time_base, frame


def _turned(frame: av.VideoFrame, rotation: int) -> av.VideoFrame:
    """`frame` turned anticlockwise, as a camera that was held `rotation` degrees off would have stored it."""
    quarter = rotation // 90
    planes = [np.rot90(plane, quarter) for plane in frame_planes(frame)]
    stored = av.VideoFrame(planes[0].shape[1], planes[0].shape[0], "yuv420p")
    for target, plane in zip(frame_planes(stored), planes, strict=True):
        target[...] = plane
    return stored


def _interleave(
    output: OutputContainer,
    video: VideoStream,
    frames: Iterator[tuple[Fraction, av.VideoFrame]],
    sound: AudioStream | None,
    kind: Sound | None,
    samples: int,
    start: Fraction,
    report: Callable[[float], None] | None,
) -> None:
    """Encode picture and sound side by side, so that the file reads in order."""
    done = 0
    for seconds, frame in frames:
        frame.color_range, frame.colorspace = 1, 1
        output.mux(video.encode(frame.reformat(format=video.pix_fmt) if video.pix_fmt != "yuv420p" else frame))
        if sound is not None and kind is not None:
            until = min(samples, int(seconds * SAMPLE_RATE))
            done = _encode_sound(output, sound, kind, done, until, start)
        if report is not None:
            report(float(seconds))
    output.mux(video.encode(None))
    if sound is not None and kind is not None:
        _encode_sound(output, sound, kind, done, samples, start, last=True)
        output.mux(sound.encode(None))


def _encode_sound(
    output: OutputContainer,
    stream: AudioStream,
    kind: Sound,
    done: int,
    until: int,
    start: Fraction,
    last: bool = False,
) -> int:
    while done < until and (last or until - done >= _BLOCK):
        count = min(_BLOCK, until - done)
        block = np.ascontiguousarray(make_sound(kind, done, count))
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate, frame.time_base = SAMPLE_RATE, Fraction(1, SAMPLE_RATE)
        frame.pts = done + round(start * SAMPLE_RATE)
        output.mux(stream.encode(frame))
        done += count
    return done
