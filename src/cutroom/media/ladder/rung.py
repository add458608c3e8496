"""One rung at work: a thread that codes its pictures and makes the smaller ones for the rung below."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from cutroom.media.ladder.fragments import Sample
from cutroom.media.ladder.lane import Failure, Lane
from cutroom.media.ladder.plan import Grid, Rung
from cutroom.media.ladder.track import Track
from cutroom.media.ladder.x264 import Encoder

_MOST = 8  # pictures: more would only be decoded ahead while the first segment waits
_QUEUE_BYTES = 48 << 20
"""Bytes of pictures that may wait for one rung."""


def queue_depth(width: int, height: int, bytes_per_pixel: float = 1.5) -> int:
    """How many pictures of a size may wait in a queue."""
    return max(2, min(_MOST, int(_QUEUE_BYTES / (width * height * bytes_per_pixel))))


def scaled(scaler: VideoReformatter, frame: VideoFrame, rung: Rung) -> VideoFrame:
    """A picture of the rung above as one of this rung."""
    smaller = scaler.reformat(
        frame, width=rung.width, height=rung.height, interpolation=Interpolation.BICUBLIN, threads=1
    )
    smaller.pts, smaller.time_base = frame.pts, frame.time_base
    return smaller


class RungLane:
    """Codes the pictures put into it, each with its pts in the track's timescale; the smaller rungs hang below it."""

    def __init__(
        self,
        rung: Rung,
        *,
        encoder: Encoder,
        track: Track,
        grid: Grid,
        failure: Failure,
        below: RungLane | None,
        watch: Callable[[VideoFrame], None] | None = None,
    ) -> None:
        """`watch` sees each picture of this rung before it is coded."""
        self.rung = rung
        self.encoder = encoder
        self.track = track
        self._end: int | None = None
        self._grid = grid
        self._below = below
        self._watch = watch
        self._scaler = VideoReformatter()
        self._cell: int | None = None
        self._standing = False
        depth = queue_depth(rung.width, rung.height)
        self._lane: Lane[VideoFrame] = Lane(f"rung-{rung.name}", depth, failure, self._handle, self._finish)

    def put(self, frame: VideoFrame) -> None:
        """Hand over the next picture; it belongs to this rung from here on."""
        self._lane.put(frame)

    def close(self, end: int | None) -> None:
        """Say that nothing more comes and when, in ticks, the last picture ends."""
        self._end = end
        self._lane.close()

    def join(self, seconds: float) -> bool:
        """Wait this long; whether everything is coded."""
        return self._lane.join(seconds)

    def _handle(self, frame: VideoFrame) -> None:
        if self._below is not None:
            self._below.put(scaled(self._scaler, frame, self._below.rung))
        if self._watch is not None:
            self._watch(frame)
        assert frame.pts is not None
        cell = self._grid.cell(frame.pts, self.track.timescale)
        if cell != self._cell:
            self._enter(cell, frame.pts)
        if self._standing:
            self.track.note(frame.pts)
        else:
            self._add(self.encoder.encode(frame, sync=cell != self._cell))
        self._cell = cell

    def _enter(self, cell: int, time: int) -> None:
        """End a segment where the next begins; each has an encoder of its own, as where it is made alone."""
        if self._cell is not None:
            if not self._standing:
                self._add(self.encoder.flush())
                self.encoder = self.encoder.anew()
            self.track.reach(time)
        self._standing = self.track.stands(cell)

    def _add(self, samples: Iterator[Sample]) -> None:
        for sample in samples:
            self.track.add(sample)

    def _finish(self) -> None:
        if self._below is not None:
            self._below.close(self._end)
        if not self._standing:
            self._add(self.encoder.flush())
        self.track.close(self._end)
