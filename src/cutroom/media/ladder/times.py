"""When the frames of a source are shown in its ladder, found out without decoding it.

Three ways, the cheapest that is sure: the sample tables of MP4 and MOV; arithmetic, where the container seeks well and
the first hundreds of frames are even; a walk over all packets, which reads the whole file.
"""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from cutroom.media.frame_clock import base_of, read_frame_clock
from cutroom.media.ladder.clock import LadderClock
from cutroom.media.ladder.entry import rewind
from cutroom.media.ladder.pictures import nominal_rate
from cutroom.media.sample_times import FrameTimes, times_from_tables
from cutroom.media.source import packets

_UNTIMED = ("avi", "h264", "hevc", "m4v", "mpegvideo", "vc1", "ivf", "obu", "dv", "rm", "gif", "apng")
_TAIL_SECONDS = 20
_BELIEVED_SECONDS = 2  # by which the end that is declared may differ from the one that is found


class Listing:
    """The frames of a source as times in its ladder, listed or computed."""

    def __init__(self, clock: LadderClock, *, frames: int, end: int, rate: Fraction | None) -> None:
        """`rate` computes the times; None: `clock` lists them."""
        self.clock = clock
        self.frames = frames
        self.end = end  # ticks of the ladder
        self._rate = rate

    @property
    def listed(self) -> bool:
        """Whether every time is the frame's own."""
        return self._rate is None

    def time(self, frame: int) -> int:
        """When a frame begins, in ticks of the ladder."""
        return self.clock.times[frame] if self._rate is None else round(frame / self._rate * self.clock.timescale)

    def frame_at(self, seconds: Fraction) -> int:
        """The first frame at or after a time; the number of frames when there is none."""
        ticks = -int(-seconds * self.clock.timescale // 1)
        if self._rate is None:
            return bisect_left(self.clock.times, ticks)
        frame = max(0, int(seconds * self._rate) - 1)
        while frame < self.frames and self.time(frame) < ticks:
            frame += 1
        return min(frame, self.frames)


def list_times(path: Path, container: InputContainer, stream: VideoStream, first_pts: int) -> Listing | None:
    """The frames from the first one that decodes on; None where the container does not tell. Moves the container."""
    if container.format.name in _UNTIMED:
        return None
    clock = LadderClock(base_of(stream), nominal_rate(stream.average_rate, stream.guessed_rate))
    table = times_from_tables(path, container, stream)
    try:
        if table is None:
            computed = _computed(container, stream, clock, first_pts)
            if computed is not None:
                return computed
            table = _walked(container, stream)
    except FFmpegError:  # it cannot seek, or is damaged
        return None
    return None if table is None else _listed(clock, table, first_pts)


def _listed(clock: LadderClock, table: FrameTimes, first_pts: int) -> Listing | None:
    pts = table.pts[table.pts >= first_pts]
    if not len(pts) or pts[0] != first_pts:
        return None
    clock.place_all(pts, table.last_duration)
    return Listing(clock, frames=len(pts), end=clock.end, rate=None)


def _computed(container: InputContainer, stream: VideoStream, clock: LadderClock, first_pts: int) -> Listing | None:
    """Even frames from the first to the one that is found at the end."""
    rewind(container, stream)
    spacing = read_frame_clock(container, stream)
    if spacing.variable is not False or not container.duration:
        return None
    end = _end(container, stream, first_pts)
    if end is None:
        return None
    last, duration = end
    seconds = (last - first_pts) * base_of(stream)
    declared = Fraction(container.duration, 1_000_000)
    if abs(seconds + 1 / spacing.rate - declared) > _BELIEVED_SECONDS:
        return None  # the clock of the file starts anew somewhere, or the declared length is wrong
    clock.join(first_pts)
    clock.place(last, duration)
    return Listing(clock, frames=round(seconds * spacing.rate) + 1, end=clock.end, rate=spacing.rate)


def _end(container: InputContainer, stream: VideoStream, first_pts: int) -> tuple[int, int] | None:
    """Time stamp and duration of the last frame shown."""
    base = base_of(stream)
    last = first_pts + int(Fraction(container.duration or 0, 1_000_000) / base)
    container.seek(max(first_pts, last - int(_TAIL_SECONDS / base)), stream=stream)
    ends = [
        (packet.pts, packet.duration or 0)
        for packet in packets(container, stream)
        if packet.size and packet.pts is not None and not packet.is_discard
    ]
    return max(ends, default=None)


def _walked(container: InputContainer, stream: VideoStream) -> FrameTimes | None:
    """Every packet's time; None when one has none, or two have the same."""
    rewind(container, stream)
    found: list[tuple[int, int]] = []
    highest = None
    for packet in packets(container, stream):
        if not packet.size or packet.is_discard:
            continue
        if packet.pts is None:
            return None
        if highest is not None and (highest - packet.pts) * base_of(stream) > 1:
            return None  # a new recording behind the old one
        highest = packet.pts if highest is None else max(highest, packet.pts)
        found.append((packet.pts, packet.duration or 0))
    if not found:
        return None
    found.sort()
    pts = np.array([at for at, _ in found], np.int64)
    if np.any(np.diff(pts) <= 0):
        return None
    return FrameTimes(pts=pts, last_duration=found[-1][1])
