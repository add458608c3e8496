"""What a ladder will be, known before any of it is encoded: rungs, times, and which segments there are.

Every segment can then be made alone, in any order and on any machine, and the playlists can be handed out at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import msgspec
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cutroom.media.ladder.clock import LadderClock, Timing
from cutroom.media.ladder.fragments import Colour
from cutroom.media.ladder.orientation import Orientation, orientation_of
from cutroom.media.ladder.picture import colour_of
from cutroom.media.ladder.pictures import nominal_rate
from cutroom.media.ladder.plan import BALANCED, Grid, Rung, plan_rungs, shown_shape
from cutroom.media.ladder.reader import Reader
from cutroom.media.ladder.run import TIMING
from cutroom.media.ladder.sounds import Rendition, renditions
from cutroom.media.ladder.times import Listing, list_times
from cutroom.media.ladder.x264 import Encoder
from cutroom.media.source import open_source, packets, reading

_SOUND_PACKETS = 400  # read for each track before it is taken for silent


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One segment of the picture."""

    index: int  # on the grid, and in its name
    start: int  # when its first frame begins, in ticks of the ladder
    frames: int | None  # how many it holds; None where the times are computed and not listed


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """A ladder before it is made. Everything that a segment depends on is in here or in the source."""

    size_bytes: int  # of the source, when it was looked at
    mtime_ns: int
    first_pts: int  # the source's time stamp of frame 0
    source_time_base: str
    timescale: int  # ticks a second of the ladder's tracks
    rate: str  # nominal frames a second
    end: int  # when the last frame ends, in ticks of the ladder
    colour: Colour
    orientation: Orientation
    rungs: list[Rung]  # tallest first
    avccs: list[bytes]  # of each rung: its decoder configuration record
    cells: list[Cell]
    segment_seconds: str
    timing: Timing | None  # None where the times are computed and not listed
    sounds: list[Rendition]

    @property
    def grid(self) -> Grid:
        """Where segments begin."""
        return Grid(Fraction(self.segment_seconds))

    @property
    def origin(self) -> Fraction:
        """The time of the source, in seconds, that is the ladder's zero."""
        return self.first_pts * Fraction(self.source_time_base)

    def frames_in(self, cell: int) -> int | None:
        """How many frames a cell holds; None where that is not known."""
        if self.timing is None:
            return None
        return next((one.frames for one in self.cells if one.index == cell), 0)

    def clock(self) -> LadderClock:
        """A clock that times frames from anywhere in the source as one that has seen them all would."""
        clock = LadderClock(Fraction(self.source_time_base), Fraction(self.rate))
        clock.join(self.first_pts)
        return clock

    def encoder(self, rung: Rung, threads: int = 0) -> Encoder:
        """An encoder of one rung, whose headers are those of every other for it."""
        return Encoder(rung, timescale=self.timescale, rate=Fraction(self.rate), colour=self.colour, threads=threads)


def outline_source(
    source: Path,
    *,
    heights: str | tuple[int, ...] = "auto",
    quality: str = BALANCED,
    segment_seconds: Fraction = Fraction(4),
) -> tuple[Outline, Listing] | None:
    """Look at a source's index, its first picture and its end.

    None where segments cannot be made one by one: no picture, a container without usable times (AVI, raw streams),
    or time stamps that are absent or go back. Such a source is encoded from its beginning.

    Raises CutroomError: what `open_source` raises, and media.damaged.
    """
    with open_source(source) as container, reading(source):
        status = source.stat()
        reader = Reader(source, container, threads=1)
        if reader.video is None:
            return None
        frame = _first_frame(reader)
        if frame is None or frame.pts is None:
            return None
        listing = list_times(source, container, reader.video, frame.pts)
        if listing is None:
            return None
        planned = _planned(reader.video, frame, heights, quality)
        heard = _heard(container, reader.audio)
        sounds = [one for one in renditions(reader.audio) if one.stream in heard]
    grid = Grid(segment_seconds)
    timescale = listing.clock.timescale
    turn, colour, rungs, rate = planned
    outline = Outline(
        size_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
        first_pts=frame.pts,
        source_time_base=str(listing.clock.source_time_base),
        timescale=timescale,
        rate=str(rate),
        end=listing.end,
        colour=colour,
        orientation=turn,
        rungs=list(rungs),
        avccs=[Encoder(rung, timescale=timescale, rate=rate, colour=colour, threads=1).avcc for rung in rungs],
        cells=_cells(listing, grid),
        segment_seconds=str(segment_seconds),
        timing=listing.clock.timing(pts_file=TIMING) if listing.listed else None,
        sounds=sounds,
    )
    return outline, listing


def _planned(
    stream: VideoStream, frame: VideoFrame, heights: str | tuple[int, ...], quality: str
) -> tuple[Orientation, Colour, tuple[Rung, ...], Fraction]:
    rate = nominal_rate(stream.average_rate, stream.guessed_rate)
    turn = orientation_of(frame)
    shape = shown_shape(frame.width, frame.height, stream.sample_aspect_ratio, turn.quarter_turns)
    return turn, colour_of(frame), plan_rungs(shape, heights, rate, quality), rate


def _first_frame(reader: Reader) -> VideoFrame | None:
    assert reader.video is not None
    for packet in reader.packets():
        if packet.stream_index == reader.video.index:
            for frame in reader.frames(packet):
                return frame
    return next(reader.frames(None), None)


def _heard(container: InputContainer, tracks: list[AudioStream]) -> set[int]:
    """The tracks of which something decodes near the beginning."""
    heard: set[int] = set()
    if not tracks:
        return heard
    container.seek(0)
    for packet in islice(packets(container, *tracks), _SOUND_PACKETS * len(tracks)):
        track = next((one for one in tracks if one.index == packet.stream_index and packet.size), None)
        if track is not None and track.index not in heard and _decodes(track, packet):
            heard.add(track.index)
            if len(heard) == len(tracks):
                break
    return heard


def _decodes(track: AudioStream, packet: av.Packet) -> bool:  # type: ignore[type-arg]
    try:
        return bool(track.codec_context.decode(packet))
    except av.FFmpegError:
        return False


def _cells(listing: Listing, grid: Grid) -> list[Cell]:
    """The segments that hold frames, in order."""
    timescale = listing.clock.timescale
    found = []
    for index, first, after in _runs(listing, grid):
        frames = after - first if listing.listed else None
        found.append(Cell(index=index, start=listing.time(first), frames=frames))
    assert all(grid.cell(cell.start, timescale) == cell.index for cell in found)
    return found


def _runs(listing: Listing, grid: Grid) -> Iterator[tuple[int, int, int]]:
    """Each cell that holds frames: its index, its first frame and the frame after its last."""
    first = 0
    while first < listing.frames:
        cell = grid.cell(listing.time(first), listing.clock.timescale)
        after = max(first + 1, listing.frame_at(grid.start(cell + 1)))
        yield cell, first, after
        first = after
