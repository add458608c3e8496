"""What a cut needs to know of a file's video: every coded picture in decoding order, and its place on the screen."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from cutroom.core.timecode import round_half_up


class Access(IntEnum):
    """What may begin at a coded picture."""

    NONE = 0
    KEY = 1  # decoding: what is shown from here on is right, but pictures shown before it may follow it
    SPLICE = 2  # a copy behind foreign pictures: nothing that follows refers to anything before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One coded picture. Times in the stream's time base."""

    pts: int
    dts: int | None = None
    duration: int = 0
    size: int = 0  # bytes; 0: not known
    access: Access = Access.NONE
    number: int | None = None  # frame number as shown; None when it is never shown
    edited_out: bool = False  # decoded but hidden by an edit list or because it cannot be decoded


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """The pictures of one stream in decoding order, up to where somebody stopped reading."""

    coded: Sequence[Picture]
    time_base: Fraction
    rate: Fraction  # frames a second, as the container says
    codec: str = "h264"
    complete: bool = True  # whether the whole file was read
    table: Sequence[int] | None = None  # starts of all frames, in ticks, where only a part of the file was read
    table_end: int = 0  # where the last of them ends
    headed: bool = False  # whether the container's header alone says what its tracks are and when pictures are shown
    depth_told: bool = False  # whether the stream's header says how far pictures are reordered, so that none is lost
    ordered: bool = True  # False when the timestamps cannot order the frames, and only decoding can count them

    @cached_property
    def shown(self) -> list[Picture]:
        """The pictures that are seen, in the order they are seen."""
        seen = [picture for picture in self.coded if picture.number is not None]
        return sorted(seen, key=lambda picture: picture.pts)

    @cached_property
    def starts(self) -> Sequence[int]:
        """Start of every frame, in ticks."""
        return self.table if self.table is not None else [picture.pts for picture in self.shown]

    @property
    def count(self) -> int:
        """Frames known."""
        return len(self.starts)

    def start(self, frame: int) -> int:
        """Ticks at which a frame is first seen; the one after the last is where the video ends."""
        return self.starts[frame] if frame < self.count else self.end

    def at(self, pts: int) -> int | None:
        """The number of the frame that starts at these ticks."""
        number = bisect_left(self.starts, pts)
        return number if number < self.count and self.starts[number] == pts else None

    @cached_property
    def end(self) -> int:
        """Ticks at which the last frame stops being seen."""
        if self.table is not None:
            return self.table_end
        last = self.shown[-1]
        return last.pts + max(1, last.duration or self.tick)

    @cached_property
    def tick(self) -> int:
        """Ticks of a usual frame."""
        return max(1, round_half_up(1 / self.rate / self.time_base))

    @cached_property
    def constant(self) -> bool:
        """Whether every frame is seen for as long as the rate says, as far as the clock can tell."""
        steps = {b - a for a, b in pairwise(self.starts)}
        return all(abs(step * self.time_base - 1 / self.rate) <= self.time_base for step in steps)

    def seconds(self, frame: int) -> Fraction:
        """When a frame starts, in seconds of the file's own clock."""
        return self.start(frame) * self.time_base

    def nearest(self, seconds: Fraction) -> int:
        """The frame border nearest to `seconds` after the first frame's start; halves go up."""
        ticks = self.starts[0] + seconds / self.time_base
        after = bisect_left(self.starts, ticks)
        if after == 0:
            return 0
        # Past the end there is nothing to be near to, so the answer shows that the file is too short.
        if after == self.count and ticks > self.end:
            return self.count + max(1, int((ticks - self.end) / self.tick))
        return after if 2 * ticks >= self.start(after) + self.starts[after - 1] else after - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place in a video: a frame number, or seconds after the first frame."""

    frame: int | None = None
    seconds: Fraction | None = None

    def resolve(self, pictures: Pictures) -> int:
        """The frame it means, by the frames' own times, so that a variable rate comes out right."""
        if self.frame is not None:
            return self.frame
        seconds = self.seconds or Fraction(0)
        return pictures.nearest(seconds) if pictures.ordered else round_half_up(seconds * pictures.rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What will be cut, so that no more than that has to be read; `end` None means everything."""

    start: Point = Point(frame=0)
    end: Point | None = None
    padding: Fraction = Fraction(0)  # seconds, on both sides
