"""Time stamps of containers that store none, AVI above all: libav hands out decode times, to the wrong frames."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator

from av.video.frame import VideoFrame

_DEPTH = 4  # frames by which B-frames displace a stamp


class StampSorter:
    """Frames come in the order in which they are shown, their stamps a few places out of it: sorts the stamps alone."""

    def __init__(self, start: int | None = None) -> None:
        """`start` is the stream's first decode time: there the first frame is shown, however long its decoder waits.

        Such a container begins sound and picture together. Counting the decoder's delay in would show the picture late.
        """
        self._frames: deque[VideoFrame] = deque()
        self._stamps: list[int] = []
        self._start = start
        self._delay: int | None = None
        self._step = 0  # of the first two frames: such containers have one rate
        self._last: int | None = None

    def feed(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        """Take the next shown frame; yield those whose stamp is known."""
        self._frames.append(frame)
        if frame.pts is not None:
            heapq.heappush(self._stamps, frame.pts)
        while len(self._frames) > _DEPTH:
            yield self._next()

    def flush(self) -> Iterator[VideoFrame]:
        """The frames that are still here."""
        while self._frames:
            yield self._next()

    def _next(self) -> VideoFrame:
        frame = self._frames.popleft()
        if not self._stamps:
            frame.pts = None
            return frame
        stamp = heapq.heappop(self._stamps)
        if self._delay is None:
            self._step = self._stamps[0] - stamp if self._stamps else 0
            late = stamp - self._start if self._start is not None else 0
            self._delay = late if 0 < late <= _DEPTH * self._step else 0
        stamp -= self._delay
        if self._last is not None and 0 < stamp - self._last < self._step / 2:
            stamp = self._last + self._step  # libav guesses the last ones a tick apart
        frame.pts = self._last = stamp
        frame.duration = self._step
        return frame
