"""The picture side of a pass: from decoded frames to the rungs, planned when the first frame is there."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cutroom.media.frame_clock import nearest_rate
from cutroom.media.ladder.clock import LadderClock
from cutroom.media.ladder.fragments import Colour, video_init
from cutroom.media.ladder.lane import Failure, Lane
from cutroom.media.ladder.orientation import orientation_of
from cutroom.media.ladder.picture import Preparer, colour_of
from cutroom.media.ladder.plan import Grid, Rung, plan_rungs, shown_shape
from cutroom.media.ladder.result import RungResult
from cutroom.media.ladder.rung import RungLane, queue_depth
from cutroom.media.ladder.sheet import rung_result
from cutroom.media.ladder.track import NewTrack
from cutroom.media.ladder.x264 import Encoder

_MAX_RATE = 1000  # frames a second that a header may claim and be believed
_SOURCE_BYTES = 3.0  # a pixel, in the queue of decoded frames
_TONE_MAPPED = "HDR was mapped to the range of an ordinary screen."
_DEINTERLACED = "Interlaced pictures were deinterlaced."

Watch = Callable[[VideoFrame], None]


class Pictures:
    """Times each frame, prepares it in one lane and hands it to the tallest rung, which feeds the others."""

    def __init__(
        self,
        stream: VideoStream,
        *,
        heights: str | tuple[int, ...],
        quality: str,
        grid: Grid,
        threads: int,
        new_track: NewTrack,
        failure: Failure,
        watch: Watch | None,
    ) -> None:
        """`watch` sees the smallest rung's pictures; `threads` are each encoder's."""
        self.rate = nominal_rate(stream.average_rate, stream.guessed_rate)
        self.clock = LadderClock(stream.time_base or Fraction(1, 90_000), self.rate)
        self.rungs: list[RungLane] = []  # tallest first; empty until the first frame
        self._stream = stream
        self._heights = heights
        self._quality = quality
        self._grid = grid
        self._threads = threads
        self._new_track = new_track
        self._failure = failure
        self._watch = watch
        self._preparer: Preparer | None = None
        self._lane: Lane[VideoFrame] | None = None

    @property
    def end(self) -> Fraction:
        """When the last frame so far ends, in seconds."""
        return Fraction(self.clock.end, self.clock.timescale)

    @property
    def lanes(self) -> list[Lane[Any] | RungLane]:
        """Everything that works on pictures, in the order in which it finishes."""
        return [*([self._lane] if self._lane is not None else []), *self.rungs]

    @property
    def notes(self) -> list[str]:
        """What was done to the picture that a person should know."""
        if self._preparer is None:
            return []
        return [
            text
            for done, text in ((self._preparer.tone_mapped, _TONE_MAPPED), (self._preparer.deinterlaced, _DEINTERLACED))
            if done
        ]

    def add(self, frame: VideoFrame) -> None:
        """Take the next displayed frame."""
        if self._lane is None:
            self._lane = self._begin(frame)
        frame.pts = self.clock.place(frame.pts, frame.duration or 0)
        frame.time_base = Fraction(1, self.clock.timescale)
        self._lane.put(frame)

    def close(self) -> None:
        """Say that there are no more frames."""
        if self._lane is not None:
            self._lane.close()

    def results(self, *, done: bool) -> list[RungResult]:
        """The figures of each rung, tallest first."""
        return [
            rung_result(
                lane.rung,
                lane.track,
                codecs=lane.encoder.codec_string,
                rate=self.rate,
                target_seconds=self._grid.target_seconds,
                done=done,
            )
            for lane in self.rungs
        ]

    def _begin(self, frame: VideoFrame) -> Lane[VideoFrame]:
        """Plan from the first frame: its size, turn and colours are the ones that are shown."""
        turn = orientation_of(frame)
        shape = shown_shape(frame.width, frame.height, self._stream.sample_aspect_ratio, turn.quarter_turns)
        below: RungLane | None = None
        for rung in reversed(plan_rungs(shape, self._heights, self.rate, self._quality)):
            below = self._rung(rung, below, colour_of(frame))
            self.rungs.insert(0, below)
        self._preparer = Preparer(self.rungs[0].rung, turn, Fraction(1, self.clock.timescale))
        depth = queue_depth(frame.width, frame.height, _SOURCE_BYTES)
        return Lane("prepare", depth, self._failure, self._handle, self._finish)

    def _rung(self, rung: Rung, below: RungLane | None, colour: Colour) -> RungLane:
        timescale = self.clock.timescale
        encoder = Encoder(rung, timescale=timescale, rate=self.rate, colour=colour, threads=self._threads)
        init = video_init(
            timescale=timescale,
            width=rung.width,
            height=rung.height,
            avcc=encoder.avcc,
            colour=colour,
            max_bit_rate=rung.max_bit_rate,
            buffer_bits=rung.buffer_bits,
        )
        return RungLane(
            rung,
            encoder=encoder,
            track=self._new_track(rung.name, rung.name, timescale, init, 0),
            grid=self._grid,
            failure=self._failure,
            below=below,
            watch=self._watch if below is None else None,
        )

    def _handle(self, frame: VideoFrame) -> None:
        assert self._preparer is not None
        for picture in self._preparer.feed(frame):
            self.rungs[0].put(picture)

    def _finish(self) -> None:
        assert self._preparer is not None
        for picture in self._preparer.flush():
            self.rungs[0].put(picture)
        self.rungs[0].close(self.clock.end)


def nominal_rate(*declared: Fraction | None) -> Fraction:
    """The first believable frame rate of a header, else 25."""
    for rate in declared:
        if rate and 0 < rate <= _MAX_RATE:
            return nearest_rate(rate, 1e-4)
    return Fraction(25)
