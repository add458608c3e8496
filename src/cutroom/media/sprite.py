"""Small pictures along the length of a video, for scrubbing and hovering, with each one's exact time.

Always one sheet over the whole length. Of long footage, where that leaves gaps, further sheets with a picture every
ten seconds, of a hundred each: however long the video, only one of them is ever held in memory.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
from PIL import Image

from cutroom.media.sheet import MOST_TILES, Cue, Tile, grid, write_map, write_sheet

FINE_SECONDS = Fraction(10)
"""Between the pictures of further sheets."""
MOST_SHEETS = 36  # of them; after ten hours their pictures stand twice as far apart, and so on
_INTERVALS = tuple(Fraction(seconds) for seconds in ("0.5", 1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 1200))
_WIDEST = 4  # times its height a tile may be wide: beyond it is lower than the others


class FineSheets(msgspec.Struct, frozen=True, kw_only=True):
    """The further sheets, in order; each is filled before the next, row by row."""

    files: list[str]  # "sprite-1.webp", …
    per_sheet: int  # tiles of every sheet but the last
    columns: int
    times: list[str]  # seconds of each tile's own frame, "num/den"


class SpriteDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A finished sheet; tile i stands at column i mod columns, row i div columns."""

    files: list[str]  # the one sheet over the whole length, "sprite-0.webp", then the further ones
    vtt: str  # WebVTT thumbnails of the finest pictures there are
    columns: int
    rows: int
    tile_width: int  # pixels
    tile_height: int
    count: int
    times: list[float]  # seconds of each tile's own frame, as a browser wants them
    exact_times: list[str]  # the same as "num/den"
    fine: FineSheets | None = None  # of long footage


class SpriteSink:
    """Takes frames in the order they are shown and keeps the few it wants.

    Where the length was unknown or wrong and the tiles run out, the interval is doubled and the tiles are thinned.
    """

    def __init__(self, output_dir: Path, duration: Fraction | None, tile_height: int = 90) -> None:
        """`duration` in seconds decides the interval; the files go to `output_dir`, which must exist."""
        self._folder = output_dir
        self._height = tile_height
        self._width = 0
        self._duration = duration
        self.interval = _interval(duration)
        self._next = Fraction(0)
        self._tiles: list[Tile] = []
        self._fine = _Fine(output_dir) if self.interval > FINE_SECONDS else None

    @property
    def finest(self) -> Fraction:
        """Seconds between the pictures that are wanted."""
        return self._fine.interval if self._fine is not None else self.interval

    def wants(self, seconds: Fraction) -> bool:
        """Whether a frame shown at `seconds` would become a tile."""
        return seconds >= self._next or (self._fine is not None and self._fine.wants(seconds))

    def add(self, frame: av.VideoFrame, seconds: Fraction) -> None:
        """Offer an upright frame with square pixels, shown at `seconds` from the first."""
        if self.wants(seconds):
            width, height = self._shape(frame.width, frame.height)
            small = frame.reformat(width, height, "rgb24", interpolation="AREA")
            self._keep(Tile(seconds=seconds, picture=np.ascontiguousarray(small.to_ndarray(), dtype=np.uint8)))

    def add_image(self, image: Image.Image, seconds: Fraction) -> None:
        """Offer a picture that was prepared elsewhere."""
        if self.wants(seconds):
            sized = image.resize(self._shape(image.width, image.height), Image.Resampling.BOX)
            self._keep(Tile(seconds=seconds, picture=np.asarray(sized)))

    def finish(self) -> SpriteDetail | None:
        """Write what is left and the map; None when there was no frame at all."""
        if not self._tiles:
            return None
        cues = write_sheet(self._folder / "sprite-0.webp", self._tiles)
        fine = self._fine.finish() if self._fine is not None else None
        mapped = self._fine.cues if self._fine is not None and fine is not None else cues
        last = mapped[-1].seconds
        end = max(self._duration or Fraction(0), last + (self.finest if self._duration is None else 0))
        write_map(self._folder / "thumbnails.vtt", mapped, end=end)
        columns, rows = grid(len(self._tiles))
        return SpriteDetail(
            files=["sprite-0.webp", *(fine.files if fine is not None else ())],
            vtt="thumbnails.vtt",
            columns=columns,
            rows=rows,
            tile_width=self._width,
            tile_height=self._height,
            count=len(self._tiles),
            times=[float(tile.seconds) for tile in self._tiles],
            exact_times=[_ratio(tile.seconds) for tile in self._tiles],
            fine=fine,
        )

    def _shape(self, width: int, height: int) -> tuple[int, int]:
        """The size of all tiles, decided by the first picture."""
        if not self._width:
            if width > _WIDEST * height:
                widest = _WIDEST * self._height
                self._width, self._height = widest, max(2, round(height * widest / width / 2) * 2)
            else:
                self._width = max(2, round(width * self._height / height / 2) * 2)
        return self._width, self._height

    def _keep(self, tile: Tile) -> None:
        if self._fine is not None:
            self._fine.offer(tile)
        while len(self._tiles) == MOST_TILES and tile.seconds >= self._next:
            self._thin()
        if tile.seconds >= self._next:
            self._tiles.append(tile)
            self._next = _after(tile.seconds, self.interval)

    def _thin(self) -> None:
        """Double the interval and keep the first tile of each; finer sheets begin when that leaves gaps."""
        self.interval *= 2
        if self._fine is None and self.interval > FINE_SECONDS:
            self._fine = _Fine(self._folder)
            for tile in self._tiles:
                self._fine.offer(tile)
        kept: dict[int, Tile] = {}
        for tile in self._tiles:
            kept.setdefault(tile.seconds // self.interval, tile)
        self._tiles = list(kept.values())
        self._next = _after(self._tiles[-1].seconds, self.interval)


class _Fine:
    """Sheets that are written as they fill."""

    def __init__(self, folder: Path) -> None:
        self.interval = FINE_SECONDS
        self.cues: list[Cue] = []
        self._folder = folder
        self._tiles: list[Tile] = []
        self._files: list[str] = []
        self._next = Fraction(0)

    def wants(self, seconds: Fraction) -> bool:
        return seconds >= self._next

    def offer(self, tile: Tile) -> None:
        if not self.wants(tile.seconds):
            return
        self._tiles.append(tile)
        self._next = _after(tile.seconds, self.interval)
        if len(self._tiles) == MOST_TILES:
            self._write()
            if len(self._files) % MOST_SHEETS == 0:
                self.interval *= 2

    def finish(self) -> FineSheets | None:
        if self._tiles:
            self._write()
        if not self._files:
            return None
        return FineSheets(
            files=self._files,
            per_sheet=MOST_TILES,
            columns=grid(MOST_TILES)[0],
            times=[_ratio(cue.seconds) for cue in self.cues],
        )

    def _write(self) -> None:
        name = f"sprite-{len(self._files) + 1}.webp"
        self.cues += write_sheet(self._folder / name, self._tiles)
        self._files.append(name)
        self._tiles = []


def _interval(duration: Fraction | None) -> Fraction:
    least = (duration or Fraction(0)) / MOST_TILES
    return next((interval for interval in _INTERVALS if interval >= least), least)


def _after(seconds: Fraction, interval: Fraction) -> Fraction:
    """The next moment from which a picture is wanted."""
    return (seconds // interval + 1) * interval


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
