"""Segments made alone: any run of them, of any rungs, from the keyframe before; the same frames as in one pass."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.ladder.entry import frames_from
from cutroom.media.ladder.fragments import Sample, media_segment
from cutroom.media.ladder.lane import Failure, Lane, Stopped
from cutroom.media.ladder.layout import STILLS
from cutroom.media.ladder.outline import Outline
from cutroom.media.ladder.picture import Preparer
from cutroom.media.ladder.plan import Grid, Rung
from cutroom.media.ladder.publish import make_folder, publish_once
from cutroom.media.ladder.reader import Reader
from cutroom.media.ladder.rung import queue_depth, scaled
from cutroom.media.ladder.track import segment_name
from cutroom.media.ladder.x264 import Encoder
from cutroom.media.source import damaged, open_source, shown

_ENTRIES = 3  # keyframes to begin at, each one earlier, before missing frames are taken for damage
_LEAD_FRAMES = 2  # prepared before the first one that is wanted: a deinterlacer looks back


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What was made of a run of cells."""

    frames: dict[int, int]  # by cell; cells in which nothing decodes are left out
    bytes: int


class SegmentEncoder:
    """An open source of which segments are made, one run after another. Not for two threads at once."""

    def __init__(self, source: Path, outline: Outline, segments: Path, *, threads: int = 0) -> None:
        """`segments` is the folder that one pass over the source would fill; `threads` are each codec's, 0: many."""
        self._path = source
        self._outline = outline
        self._folder = segments
        self._threads = threads
        self._opening: AbstractContextManager[InputContainer] = open_source(source)
        self._container: InputContainer

    def __enter__(self) -> Self:
        self._container = self._opening.__enter__()
        try:
            self._check()
            self._reader = Reader(self._path, self._container, threads=self._threads, sound=False)
            if self._reader.video is None:
                raise damaged(self._path, ValueError("its picture has gone"))
        except BaseException as error:
            self._opening.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opening.__exit__(kind, error, trace)

    def encode(self, cells: Sequence[int], rungs: Collection[str]) -> Made:
        """Make the segments of a run of neighbouring cells for the named rungs; those that stand are left alone.

        A cell in which nothing decodes gets a stand-in below `still/`: the picture before it, or the one behind it.
        Raises CutroomError: media.not-found or media.changed when the source is not what was outlined, media.damaged,
        storage.full, storage.failed.
        """
        self._check()
        for earlier in range(_ENTRIES):
            run = _Run(self._outline, cells, rungs, self._folder, self._threads)
            patient = earlier == _ENTRIES - 1
            try:
                made = run.encode(self._container, self._reader, earlier=earlier, patient=patient)
            except _EnteredLateError:
                continue
            self._check()
            return made
        raise AssertionError("the last entry is taken as it is")

    def _check(self) -> None:
        try:
            status = self._path.stat()
        except OSError as error:
            message = f"{shown(self._path)} vanished while it was read."
            hint = "Put the file back, then try again."
            raise CutroomError("media.not-found", message, hint=hint, kind=ErrorKind.NOT_FOUND) from error
        if (status.st_size, status.st_mtime_ns) != (self._outline.size_bytes, self._outline.mtime_ns):
            message = f"{shown(self._path)} was replaced while it was read."
            hint = "Wait until it is inspected again."
            raise CutroomError("media.changed", message, hint=hint, kind=ErrorKind.CONFLICT)


class _EnteredLateError(Exception):
    """The first cell came out with fewer frames than it has: the decoder was not ready yet."""


class _Run:
    """One run of cells on its way: decoding in the caller's thread, scaling and encoding in a lane."""

    def __init__(
        self, outline: Outline, cells: Sequence[int], rungs: Collection[str], folder: Path, threads: int
    ) -> None:
        self._outline = outline
        self._grid = outline.grid
        self._cells = range(cells[0], cells[-1] + 1)
        self._frames: Counter[int] = Counter()
        self._failure = Failure()
        self._end: int | None = None
        self._before: VideoFrame | None = None  # the last picture before the run, or the first one behind it
        self._preparer = Preparer(outline.rungs[0], outline.orientation, Fraction(1, outline.timescale))
        lowest = max(number for number, rung in enumerate(outline.rungs) if rung.name in rungs)
        self._steps = [
            _Step(outline, rung, folder if rung.name in rungs else None, threads)
            for rung in outline.rungs[: lowest + 1]
        ]

    def encode(self, container: InputContainer, reader: Reader, *, earlier: int, patient: bool) -> Made:
        """Decode from the keyframe before, `earlier` keyframes more; a late entry is an error unless `patient`."""
        lane: Lane[VideoFrame] | None = None
        assert reader.video is not None
        depth = queue_depth(reader.video.width, reader.video.height, 3.0)
        try:
            lane = Lane("segments", depth, self._failure, self._handle, self._finish)
            self._decode(container, reader, lane, earlier=earlier, patient=patient)
            lane.close()
        except Stopped:
            self._failure.check()
            raise
        except BaseException as error:
            self._failure.set(error)
            raise
        finally:
            while lane is not None and not lane.join(1):
                pass
        self._failure.check()
        self._stand_in(reader)
        written = sum(step.writer.bytes for step in self._steps if step.writer is not None)
        return Made(frames=dict(self._frames), bytes=written)

    def _decode(
        self, container: InputContainer, reader: Reader, lane: Lane[VideoFrame], *, earlier: int, patient: bool
    ) -> None:
        outline, clock, first = self._outline, self._outline.clock(), self._cells[0]
        start = outline.first_pts + int(self._grid.start(first) / Fraction(outline.source_time_base))
        leading: deque[VideoFrame] = deque(maxlen=_LEAD_FRAMES)
        for frame in frames_from(container, reader, start, rate=Fraction(outline.rate), earlier=earlier):
            frame.pts = time = clock.place(frame.pts, frame.duration or 0)
            frame.time_base = Fraction(1, outline.timescale)
            cell = self._grid.cell(time, outline.timescale)
            if cell < first:
                leading.append(frame)
                continue
            if cell > first and not patient:
                self._check_entry(first)
                patient = True
            while leading:
                lane.put(leading.popleft())
            lane.put(frame)
            if cell > self._cells[-1]:  # it is not wanted itself: it says when the last one ends
                self._end = time
                return
            self._frames[cell] += 1
        if not patient:
            self._check_entry(first)
        while leading:
            lane.put(leading.popleft())
        self._end = clock.end

    def _check_entry(self, first: int) -> None:
        expected = self._outline.frames_in(first)
        if expected is not None and self._frames[first] < expected:
            raise _EnteredLateError

    def _handle(self, frame: VideoFrame) -> None:
        for picture in self._preparer.feed(frame):
            self._encode(picture)

    def _encode(self, picture: VideoFrame) -> None:
        assert picture.pts is not None
        cell = self._grid.cell(picture.pts, self._outline.timescale)
        if cell not in self._cells:
            if self._before is None or cell < self._cells[0]:
                self._before = picture
            return
        for number, step in enumerate(self._steps):
            picture = picture if number == 0 else scaled(step.scaler, picture, step.rung)
            step.encode(picture, cell)

    def _finish(self) -> None:
        for picture in self._preparer.flush():
            self._encode(picture)
        for step in self._steps:
            step.close(self._end)

    def _stand_in(self, reader: Reader) -> None:
        """A still for every cell that has no picture of its own."""
        empty = [cell for cell in self._cells if not self._frames[cell] and self._outline.frames_in(cell) != 0]
        if not empty:
            return
        if self._before is None:
            raise damaged(reader.path, ValueError("no picture decodes there"))
        for cell in empty:
            picture = self._before
            for number, step in enumerate(self._steps):
                picture = picture if number == 0 else scaled(step.scaler, picture, step.rung)
                step.still(picture, cell)


class _Step:
    """One rung of the chain, coded when it has a folder, else only passed through to the ones below."""

    def __init__(self, outline: Outline, rung: Rung, folder: Path | None, threads: int) -> None:
        self.rung = rung
        self.scaler = VideoReformatter()
        self.writer = None if folder is None else SegmentWriter(folder / rung.name, outline.grid, outline.timescale)
        self._outline = outline
        self._folder = folder
        self._threads = threads
        self._encoder: Encoder | None = None
        self._cell: int | None = None

    def encode(self, picture: VideoFrame, cell: int) -> None:
        if self.writer is None:
            return
        if cell != self._cell:
            self._flush()
            self._encoder = self._outline.encoder(self.rung, self._threads)
        assert self._encoder is not None
        for sample in self._encoder.encode(picture, sync=cell != self._cell):
            self.writer.add(sample)
        self._cell = cell

    def close(self, end: int | None) -> None:
        if self.writer is None or self._encoder is None:
            return
        self._flush()
        assert end is not None
        self.writer.close(end)

    def _flush(self) -> None:
        if self.writer is not None and self._encoder is not None:
            for sample in self._encoder.flush():
                self.writer.add(sample)

    def still(self, picture: VideoFrame, cell: int) -> None:
        if self._folder is None:
            return
        scale = self._outline.timescale
        start, end = (-int(-self._outline.grid.start(number) * scale // 1) for number in (cell, cell + 1))
        picture.pts = start
        encoder = self._outline.encoder(self.rung, 1)
        samples = [*encoder.encode(picture, sync=True), *encoder.flush()]
        data = media_segment(cell, samples, max(start + 1, min(end, self._outline.end)))
        publish_once(make_folder(self._folder / STILLS / self.rung.name) / segment_name(cell), data)


class SegmentWriter:
    """Cuts coded samples on the grid and publishes each segment once its end is known."""

    def __init__(self, folder: Path, grid: Grid, timescale: int) -> None:
        self.bytes = 0
        self._folder = make_folder(folder)
        self._grid = grid
        self._timescale = timescale
        self._cell = -1
        self._pending: list[Sample] = []

    def add(self, sample: Sample) -> None:
        """Take the next sample."""
        cell = self._grid.cell(sample.time, self._timescale)
        if self._pending and cell != self._cell:
            self.close(sample.time)
        self._cell = cell
        self._pending.append(sample)

    def close(self, end: int) -> None:
        """Publish what is left, its last sample ending at `end`."""
        if self._pending:
            data = media_segment(self._cell, self._pending, end)
            self.bytes += publish_once(self._folder / segment_name(self._cell), data)
            self._pending = []
