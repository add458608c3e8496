"""A sheet of small pictures as one WebP, and the map that says which time each of them shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

COLUMNS = 10
MOST_TILES = 100
"""Tiles of one sheet: 1600 × 900 pixels at the usual shape."""
_QUALITY = 70
_EFFORT = 2
"""Of 0 to 6: 3 takes twice the time and saves three percent."""


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """A small picture; all of one sheet have the same size."""

    seconds: Fraction  # of its own frame, from the first one
    picture: NDArray[np.uint8]  # height × width × 3


class Cue(msgspec.Struct, frozen=True, kw_only=True):
    """Where a tile stands."""

    seconds: Fraction
    file: str
    x: int  # pixels
    y: int
    width: int
    height: int


def write_sheet(path: Path, tiles: Sequence[Tile]) -> list[Cue]:
    """Write the sheet of these tiles, row by row, and say where each stands."""
    height, width = tiles[0].picture.shape[:2]
    columns, rows = grid(len(tiles))
    sheet = np.zeros((rows * height, columns * width, 3), np.uint8)
    cues = []
    for number, tile in enumerate(tiles):
        y, x = number // columns * height, number % columns * width
        sheet[y : y + height, x : x + width] = tile.picture
        cues.append(Cue(seconds=tile.seconds, file=path.name, x=x, y=y, width=width, height=height))
    replace(path, lambda aside: Image.fromarray(sheet).save(aside, "WEBP", quality=_QUALITY, method=_EFFORT))
    return cues


def grid(count: int) -> tuple[int, int]:
    """Columns and rows of a sheet of so many tiles."""
    columns = min(COLUMNS, count)
    return columns, -(-count // columns)


def write_map(path: Path, cues: Sequence[Cue], *, end: Fraction) -> None:
    """WebVTT thumbnails: for each stretch of time the sheet and the place on it, in pixels; the last goes to `end`."""
    lines = ["WEBVTT"]
    for number, cue in enumerate(cues):
        begin = cue.seconds if number else Fraction(0)
        until = cues[number + 1].seconds if number + 1 < len(cues) else max(end, cue.seconds + Fraction(1, 1000))
        lines.append(f"{_clock(begin)} --> {_clock(until)}\n{cue.file}#xywh={cue.x},{cue.y},{cue.width},{cue.height}")
    text = "\n\n".join(lines) + "\n"
    replace(path, lambda aside: aside.write_text(text, encoding="utf-8"))


def replace(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make the file aside, and give it its name when it is complete."""
    partial = path.with_name(f".{path.name}.part")
    try:
        write(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _clock(seconds: Fraction) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
