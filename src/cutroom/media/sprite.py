"""One sheet of small pictures along the length of a video, for scrubbing and hovering, with each one's exact time."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

MOST_TILES = 100
COLUMNS = 10
_INTERVALS = tuple(Fraction(seconds) for seconds in ("0.5", 1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 1200))
_QUALITY = 70


class SpriteDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A finished sheet; tile i stands at column i mod columns, row i div columns."""

    files: list[str]  # the one sheet, "sprite-0.webp"
    vtt: str  # the same map as WebVTT thumbnails
    columns: int
    rows: int
    tile_width: int  # pixels
    tile_height: int
    count: int
    times: list[float]  # seconds of each tile's own frame, as a browser wants them
    exact_times: list[str]  # the same as "num/den"


class SpriteSink:
    """Takes frames in the order they are shown and keeps the few it wants; at most 100 tiles are ever held.

    Where the length was unknown or wrong and the tiles run out, the interval is doubled and the tiles are thinned.
    """

    def __init__(self, output_dir: Path, duration: Fraction | None, tile_height: int = 90) -> None:
        """`duration` in seconds decides the interval; the files go to `output_dir`, which must exist."""
        self._folder = output_dir
        self._height = tile_height
        self._width = 0
        self.interval = _interval(duration)
        self._next = Fraction(0)
        self._tiles: list[tuple[Fraction, NDArray[np.uint8]]] = []

    def wants(self, seconds: Fraction) -> bool:
        """Whether a frame shown at `seconds` would become a tile."""
        return seconds >= self._next

    def add(self, frame: av.VideoFrame, seconds: Fraction) -> None:
        """Offer an upright frame with square pixels, shown at `seconds` from the first."""
        if not self.wants(seconds):
            return
        width = self._width or max(2, round(frame.width * self._height / frame.height / 2) * 2)
        small = frame.reformat(width, self._height, "rgb24", interpolation="AREA")
        self._keep(np.ascontiguousarray(small.to_ndarray(), dtype=np.uint8), seconds)

    def add_image(self, image: Image.Image, seconds: Fraction) -> None:
        """Offer a picture that was prepared elsewhere."""
        if self.wants(seconds):
            width = self._width or max(2, round(image.width * self._height / image.height / 2) * 2)
            self._keep(np.asarray(image.resize((width, self._height), Image.Resampling.BOX)), seconds)

    def finish(self) -> SpriteDetail | None:
        """Write the sheet and its map; None when there was no frame at all."""
        if not self._tiles:
            return None
        count = len(self._tiles)
        columns = min(COLUMNS, count)
        rows = -(-count // columns)
        sheet = np.zeros((rows * self._height, columns * self._width, 3), np.uint8)
        for number, (_, tile) in enumerate(self._tiles):
            top, left = number // columns * self._height, number % columns * self._width
            sheet[top : top + self._height, left : left + self._width] = tile
        name = "sprite-0.webp"
        _replace(
            self._folder / name, lambda path: Image.fromarray(sheet).save(path, "WEBP", quality=_QUALITY, method=3)
        )
        text = self._vtt(name, columns)
        _replace(self._folder / "sprite.vtt", lambda path: path.write_text(text, encoding="utf-8"))
        times = [seconds for seconds, _ in self._tiles]
        return SpriteDetail(
            files=[name],
            vtt="sprite.vtt",
            columns=columns,
            rows=rows,
            tile_width=self._width,
            tile_height=self._height,
            count=count,
            times=[float(seconds) for seconds in times],
            exact_times=[f"{seconds.numerator}/{seconds.denominator}" for seconds in times],
        )

    def _keep(self, tile: NDArray[np.uint8], seconds: Fraction) -> None:
        self._width = tile.shape[1]
        while len(self._tiles) == MOST_TILES:
            self._thin()
        if not self.wants(seconds):
            return
        self._tiles.append((seconds, tile))
        self._next = (seconds // self.interval + 1) * self.interval

    def _thin(self) -> None:
        """Double the interval and keep the first tile of each."""
        self.interval *= 2
        kept: dict[int, tuple[Fraction, NDArray[np.uint8]]] = {}
        for tile in self._tiles:
            kept.setdefault(tile[0] // self.interval, tile)
        self._tiles = list(kept.values())
        self._next = (self._tiles[-1][0] // self.interval + 1) * self.interval

    def _vtt(self, name: str, columns: int) -> str:
        cues = ["WEBVTT"]
        for number, (seconds, _) in enumerate(self._tiles):
            after = self._tiles[number + 1][0] if number + 1 < len(self._tiles) else seconds + self.interval
            x, y = number % columns * self._width, number // columns * self._height
            cues.append(f"{_clock(seconds)} --> {_clock(after)}\n{name}#xywh={x},{y},{self._width},{self._height}")
        return "\n\n".join(cues) + "\n"


def _interval(duration: Fraction | None) -> Fraction:
    least = (duration or Fraction(0)) / MOST_TILES
    return next((interval for interval in _INTERVALS if interval >= least), least)


def _clock(seconds: Fraction) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make the file aside, and give it its name when it is complete."""
    partial = path.with_name(f".{path.name}.part")
    try:
        write(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
