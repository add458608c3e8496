"""The exact frame rate and the number of frames, from a sample table where there is one, else from the first packets.

What headers say is not enough: `nb_frames` counts what an edit list hides, an average rate has the file's rounding in
it (59.94 in milliseconds comes out as 19001/317), and a real base rate of 120 may be the ticks of a variable rate.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from typing import Any

import msgspec
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from cutroom.media.source import packets

_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)$")
_WINDOW_FRAMES = 300
_WINDOW_BYTES = 24 << 20
_FEWEST = 4  # frames below which nothing is said about their spacing
_STANDARD = sorted(
    {Fraction(whole) for whole in (*range(1, 61), 72, 75, 90, 100, 120, 144, 200, 240)}
    | {Fraction(whole * 1000, 1001) for whole in (12, 15, 24, 30, 48, 60, 72, 90, 120, 240)}
    | {Fraction(25, 2)}
)
_BROADCAST = (Fraction(30), Fraction(60), Fraction(25), Fraction(24), Fraction(50), Fraction(120), Fraction(15))
_NEAR = Fraction(3, 100)


class FrameClock(msgspec.Struct, frozen=True, kw_only=True):
    """When frames are shown, as far as it can be told cheaply."""

    rate: Fraction  # frames a second; of a variable rate, the standard rate that it varies around
    variable: bool | None  # None: too few frames to tell
    frames: int | None
    frames_source: str  # "declared", "estimated"
    duration: Fraction | None  # seconds, where the sample table gives it exactly


def read_frame_clock(
    container: InputContainer, stream: VideoStream, on_first: Callable[[Packet[Any]], None] | None = None
) -> FrameClock:
    """Look at the container's index, or demux up to 300 frames (24 MB) of it from where it stands.

    `on_first` gets the first packet, if packets have to be read.
    """
    base = base_of(stream)
    table = _sample_table(container, stream)
    if table is not None:
        times, shown = table
        rate, variable = _spacing(times, base, stream)
        exact = Fraction(shown) / rate if variable is False else None
        return FrameClock(rate=rate, variable=variable, frames=shown, frames_source="declared", duration=exact)
    rate, variable = _spacing(_first_packets(container, stream, on_first), base, stream)
    seconds = track_seconds(container, stream)
    pace = stream.average_rate if variable and stream.average_rate else rate
    frames = round(seconds * pace) if seconds is not None else None
    return FrameClock(rate=rate, variable=variable, frames=frames, frames_source="estimated", duration=None)


def nearest_rate(rate: Fraction, tolerance: float) -> Fraction:
    """The standard rate within a relative `tolerance` of `rate`, or `rate` itself in small numbers."""
    best = min(_STANDARD, key=lambda standard: abs(standard - rate))
    return best if abs(best - rate) <= rate * Fraction(tolerance) else rate.limit_denominator(1001)


def _sample_table(container: InputContainer, stream: VideoStream) -> tuple[NDArray[np.int64], int] | None:
    """Decode times of every sample and how many are shown; None without a whole table (fragments, Matroska, TS)."""
    entries = stream.index_entries
    if not container.format.name.startswith("mov") or stream.frames <= 0 or len(entries) < stream.frames // 2:
        return None
    times = np.fromiter((entry.timestamp for entry in entries), np.int64, len(entries))
    hidden = sum(entry.is_discard for entry in entries)
    return (times, len(entries) - hidden) if len(entries) > hidden else None


def _first_packets(
    container: InputContainer, stream: VideoStream, on_first: Callable[[Packet[Any]], None] | None
) -> NDArray[np.int64]:
    """Presentation times of the first frames in order, less the last ones, between which others may still come."""
    times: list[int] = []
    size = 0
    for number, packet in enumerate(islice(packets(container, stream), 4 * _WINDOW_FRAMES)):
        if on_first is not None and not number and packet.size:
            on_first(packet)
        time = packet.pts if packet.pts is not None else packet.dts
        if time is not None and not packet.is_discard:
            times.append(time)
        size += packet.size
        if len(times) >= _WINDOW_FRAMES or size > _WINDOW_BYTES:
            break
    times = sorted(set(times))
    ended = len(times) < _WINDOW_FRAMES and size <= _WINDOW_BYTES
    return np.array(times if ended else times[:-16], dtype=np.int64)


def _spacing(times: NDArray[np.int64], base: Fraction, stream: VideoStream) -> tuple[Fraction, bool | None]:
    """The rate behind ordered `times`, and whether they are uneven by more than the rounding of one tick."""
    if len(times) < _FEWEST:
        return _declared_rate(stream), None
    ordered = np.sort(times)
    steps: NDArray[np.int64] = ordered[1:] - ordered[:-1]
    steps = steps[steps > 0]
    if not len(steps):
        return _declared_rate(stream), None
    span = int(steps.sum())
    if _even(steps, span):
        return nearest_rate(len(steps) / (span * base), max(1 / span, 2e-5)), False
    middle = 1 / (int(np.median(steps)) * base)
    for rate in (stream.base_rate, *_BROADCAST):
        if rate is not None and abs(rate - middle) <= rate * _NEAR:
            return rate, True
    return nearest_rate(middle, 0.02), True


def _even(steps: NDArray[np.int64], span: int) -> bool:
    """Whether `steps` are one length rounded to ticks: they differ by a tick at most, and nothing drifts."""
    least, most = int(steps.min()), int(steps.max())
    if most - least > 1 or (least <= 2 and most > least):  # at a tick a frame, one more is a frame left out
        return False
    line = np.arange(1, len(steps) + 1) * (span / len(steps))
    return bool(np.abs(np.cumsum(steps) - line).max() <= 2)


def _declared_rate(stream: VideoStream) -> Fraction:
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate is not None and 0 < rate <= 1000:
            return nearest_rate(rate, 1e-4)
    return Fraction(25)


def track_seconds(container: InputContainer, stream: Stream) -> Fraction | None:
    """How long a track lasts as declared: by itself, in Matroska's statistics, or by the container."""
    if stream.duration and stream.duration > 0 and stream.time_base:
        return stream.duration * stream.time_base
    parts = _CLOCK.match(stream.metadata.get("DURATION", ""))
    if parts is not None:
        hours, minutes, seconds = parts.groups()
        length = (
            int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds) - max(stream.start_time or 0, 0) * base_of(stream)
        )
        if length > 0:
            return length
    if container.duration and container.duration > 0:
        return Fraction(container.duration, 1_000_000)
    return None


def base_of(stream: Stream) -> Fraction:
    """Seconds a tick of the stream's times."""
    return stream.time_base or Fraction(1, 1000)
