"""When each displayed frame begins: from the source's time stamps to a track that starts at zero and goes forward."""

from __future__ import annotations

from array import array
from fractions import Fraction

import msgspec
import numpy as np
from numpy.typing import NDArray

from cutroom.media.frame_clock import nearest_rate

_FINEST = 10_000_000  # ticks a second: above it, durations of one sample would not fit their 32 bits
_COARSEST = 10_000
_FALLBACK = 90_000
_JUMP_SECONDS = 1  # a step back beyond this is a new recording behind the old one, below it a faulty stamp


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """The frames of a source in time."""

    rate: str  # frames a second, "30000/1001"; where it varies, the nominal one
    frames: int
    first_pts: int  # the source's own time stamp of frame 0, in `source_time_base`
    source_time_base: str
    offset: str  # seconds, "num/den": what was subtracted from the source's times
    time_base: str  # of the proxy's tracks and of the list of times
    end: int  # when the last frame ends, in `time_base`
    variable: bool  # frame f does not begin at f / rate
    pts: str | None  # name of the file that lists the times when they vary
    mended: int  # time stamps that were absent or went back


class LadderClock:
    """Gives each frame its time in the proxy, and remembers all of them."""

    def __init__(self, time_base: Fraction, rate: Fraction) -> None:
        """`time_base` is the source stream's; `rate` is the nominal one, frames a second."""
        self.source_time_base = time_base
        self.rate = rate
        self.timescale, self._scale = _timescale(time_base)
        self.first_pts: int | None = None
        self.mended = 0
        self._shift = 0
        self._last = 0  # source ticks of the last frame, as placed
        self._last_step = 0
        self._step = max(1, round(1 / rate / time_base))
        self._duration = 0
        self._end: int | None = None
        self._times = array("q")

    def __len__(self) -> int:
        return len(self._times)

    def join(self, first_pts: int) -> None:
        """Start in the middle of a source whose frame 0 has this time stamp."""
        self.first_pts = first_pts

    def place_all(self, pts: NDArray[np.int64], last_duration: int) -> None:
        """The times of all frames at once: whole and strictly growing stamps, the first of them frame 0's."""
        self.first_pts, self._last = int(pts[0]), int(pts[-1])
        self._last_step = int(pts[-1] - pts[-2]) if len(pts) > 1 else 0
        self._duration = last_duration
        since = pts - pts[0]
        if self._scale.denominator == 1:
            self._times = array("q", (since * self._scale.numerator).tobytes())
        else:
            self._times = array("q", (round(step * self._scale) for step in since.tolist()))

    def adopt(self, times: array[int], *, end: int) -> None:
        """Take over times that another clock has placed, the last frame ending at `end`."""
        self._times, self._end = times, end

    def place(self, pts: int | None, duration: int) -> int:
        """The time of the next frame in proxy ticks; `pts` and `duration` are the source's."""
        if self.first_pts is None:
            self.first_pts = self._last = pts if pts is not None else 0
            if pts is None:
                self.mended += 1
        elif not self._times:
            self._last = pts if pts is not None else self.first_pts
        else:
            at = self._forward(pts)
            self._last_step, self._last = at - self._last, at
        self._duration = duration
        self._times.append(round((self._last - self.first_pts) * self._scale))
        return self._times[-1]

    @property
    def end(self) -> int:
        """When the last frame ends, in proxy ticks."""
        if self._end is not None:
            return self._end
        if not self._times:
            return 0
        step = self._duration or self._last_step or self._step
        if step > 10 * self._step:  # a declared last duration that no frame has
            step = self._step
        return self._times[-1] + max(1, round(step * self._scale))

    @property
    def offset(self) -> Fraction:
        """Seconds by which the source's times are larger."""
        return (self.first_pts or 0) * self.source_time_base

    @property
    def times(self) -> array[int]:
        """The time of every frame, in proxy ticks."""
        return self._times

    def timing(self, *, pts_file: str) -> Timing:
        """What is known about the frames at the end; `pts_file` is named when it is needed."""
        steady = steady_rate(self._times, self.timescale, self.rate, self.source_time_base)
        return Timing(
            rate=_text(steady or self.rate),
            frames=len(self._times),
            first_pts=self.first_pts or 0,
            source_time_base=_text(self.source_time_base),
            offset=_text(self.offset),
            time_base=f"1/{self.timescale}",
            end=self.end,
            variable=steady is None,
            pts=pts_file if steady is None else None,
            mended=self.mended,
        )

    def _forward(self, pts: int | None) -> int:
        if pts is None:
            self.mended += 1
            return self._last + self._step
        at = pts + self._shift
        if at > self._last:
            return at
        self.mended += 1
        if (self._last - at) * self.source_time_base > _JUMP_SECONDS:
            self._shift += self._last + self._step - at
            return self._last + self._step
        return self._last + max(1, self._step // 2)


def steady_rate(times: array[int], timescale: int, nominal: Fraction, time_base: Fraction) -> Fraction | None:
    """The rate r at which every frame f begins at f / r, as finely as the source's clock tells; None: none fits."""
    if len(times) < 2:
        return nominal
    measured = Fraction((len(times) - 1) * timescale, times[-1] - times[0])
    for rate in (nominal, nearest_rate(measured, 1e-3), measured.limit_denominator(1001)):
        room = max(Fraction(3, 2) * time_base, 1 / rate / 8) if time_base * rate < Fraction(1, 2) else time_base
        if rate > 0 and _fits(times, timescale / rate, float(room * timescale)):
            return rate
    return None


def _fits(times: array[int], step: Fraction, room: float) -> bool:
    listed = np.frombuffer(times, np.int64)
    return bool((np.abs(listed - np.arange(len(listed)) * float(step)) <= room).all())


def _timescale(time_base: Fraction) -> tuple[int, Fraction]:
    """Ticks a second of the proxy, and proxy ticks in one tick of the source."""
    ticks = time_base.denominator
    if ticks > _FINEST:
        return _FALLBACK, time_base * _FALLBACK
    while ticks < _COARSEST:
        ticks *= 2
    return ticks, time_base * ticks


def _text(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}" if value.denominator != 1 else str(value.numerator)
