"""One track of the ladder on disk: coded samples become immutable segments and a playlist that grows."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from time import monotonic

from cutroom.media.hls import Segment, media_playlist
from cutroom.media.ladder.fragments import Sample, media_segment
from cutroom.media.ladder.plan import Grid
from cutroom.media.ladder.publish import make_folder, publish_once, replace, storage_error

_EVERY_SEGMENT = 16  # segments after which a playlist is no longer rewritten for each: a day of footage has 20,000
_REWRITE_SECONDS = 2.0


NewTrack = Callable[[str, str, int, bytes, int], "Track"]
"""Makes a track of: folder, playlist name, timescale, init segment, ticks of a last sample."""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise storage_error(path, error) from error


def uri_of(folder: Path, playlists: Path) -> str:
    """A folder of segments as the playlists in another one name it."""
    return os.path.relpath(folder, playlists).replace(os.sep, "/")


def segment_name(cell: int) -> str:
    """The file name of a segment."""
    return f"{cell:05d}.m4s"


class Track:
    """Cuts the samples of one track on the grid and publishes each segment once its end is known."""

    def __init__(
        self, *, folder: Path, playlist: Path, grid: Grid, timescale: int, init: bytes, last_ticks: int = 0
    ) -> None:
        """`folder` takes the segments, `playlist` is its media playlist; `last_ticks`: ticks of a last sample."""
        self.timescale = timescale
        self.segments: list[Segment] = []
        self.end = Fraction(0)  # seconds, of what is published
        self._folder = make_folder(folder)
        self._playlist = playlist
        self._grid = grid
        self._last_ticks = last_ticks
        self._pending: list[Sample] = []
        self._cell = 0
        self._listed = False
        self._written_at = 0.0
        self._root = uri_of(folder, playlist.parent)
        self.bytes = publish_once(folder / "init.mp4", init)

    @property
    def started(self) -> bool:
        """Whether its first segment stands and a playlist names it: other threads ask between the two."""
        return self._listed

    def add(self, sample: Sample) -> None:
        """Take the next sample; times never go back."""
        self.reach(sample.time)
        if not self._pending:
            self._cell = self._grid.cell(sample.time, self.timescale)
        self._pending.append(sample)

    def reach(self, time: int) -> None:
        """The next sample begins at `time`: what ends there is published."""
        if self._pending and self._grid.cell(time, self.timescale) != self._cell:
            self._flush(time)

    def stands(self, cell: int) -> bool:
        """Whether this segment was made before, by an earlier attempt or because somebody asked for it."""
        return (self._folder / segment_name(cell)).exists()

    def note(self, time: int) -> None:
        """Take the time of the next frame of a segment that stands."""
        self.add(Sample(time=time, data=b"", sync=False))

    def close(self, end: int | None) -> None:
        """Publish what is left, its last sample ending at `end` ticks, and write the final playlist."""
        if self._pending:
            last = self._pending[-1].time
            self._flush(end if end is not None and end > last else last + max(1, self._last_ticks))
        if self.segments:
            self.write_playlist(ended=True)

    def write_playlist(self, *, ended: bool) -> None:
        """Put the playlist of what stands in place."""
        text = media_playlist(
            self.segments,
            init_uri=f"{self._root}/init.mp4",
            target_seconds=self._grid.target_seconds,
            ended=ended,
        )
        replace(self._playlist, text.encode())
        self._listed = True
        self._written_at = monotonic()

    def _flush(self, end: int) -> None:
        name = segment_name(self._cell)
        noted = not any(sample.data for sample in self._pending)
        data = b"" if noted else media_segment(self._cell, self._pending, end)
        size = _size(self._folder / name) if noted else publish_once(self._folder / name, data)
        seconds = Fraction(end - self._pending[0].time, self.timescale)
        self.segments.append(Segment(uri=f"{self._root}/{name}", seconds=seconds, size_bytes=size))
        self.bytes += size
        self.end = Fraction(end, self.timescale)
        self._pending = []
        if len(self.segments) <= _EVERY_SEGMENT or monotonic() - self._written_at >= _REWRITE_SECONDS:
            self.write_playlist(ended=False)
