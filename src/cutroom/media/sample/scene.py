"""The sample scene: drifting light behind a large timecode inside a ring that turns once a second.

Only a sixteenth of the pixels are computed, with 16 bits a colour, and the scaler enlarges them: soft light has no
detail to lose, and the scaler dithers it down to 8 bits without bands. Letters and the ring are blended afterwards.
"""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from cutroom.media.sample.digits import DigitPrinter
from cutroom.media.sample.planes import Planes, frame_planes

SCENE_SECONDS = 12
_SHRINK = 4
_DISCS = 22
_PALETTES = (  # the ground, then three lights and the colour of the discs; red, green, blue of 255
    ((22, 14, 52), (255, 92, 88), (122, 58, 210), (28, 92, 190), (255, 190, 150)),
    ((3, 26, 46), (0, 176, 164), (22, 88, 208), (110, 214, 200), (190, 255, 240)),
    ((34, 12, 18), (255, 132, 44), (206, 36, 74), (244, 186, 70), (255, 224, 160)),
    ((6, 28, 24), (26, 158, 92), (150, 186, 62), (16, 120, 140), (220, 255, 190)),
    ((10, 12, 40), (46, 206, 170), (132, 70, 226), (216, 62, 166), (214, 220, 255)),
)


class SampleScene:
    """Paints the scene frame by frame; a frame depends on its number only."""

    def __init__(self, width: int, height: int, rate: Fraction) -> None:
        self._width, self._height, self._rate = width, height, rate
        self._rows, self._columns = max(height // _SHRINK, 16), max(width // _SHRINK, 16)
        self._y = np.linspace(-1, 1, self._rows, dtype=np.float32)
        self._x = np.linspace(-1, 1, self._columns, dtype=np.float32) * np.float32(width / height)
        self._discs = _disc_table(width / height)
        self._shade = self._make_shade()
        self._large = DigitPrinter(max(round(height * 0.115), 8))
        self._small = DigitPrinter(max(round(height * 0.036), 6))
        self._label = DigitPrinter(max(round(height * 0.026), 6), spacing=0.32)
        radius, thick = height * 0.37, max(height * 0.005, 1.0)
        self._rings = {235: _ring(width, height, radius, thick, 1), 128: _ring(width, height, radius, thick, 2)}

    def paint(self, number: int, seconds: Fraction) -> av.VideoFrame:
        """The frame `number`, shown at `seconds`, as limited-range 4:2:0."""
        light = self._light(float(seconds))
        frame = av.VideoFrame.from_ndarray(light, format="rgb48le")
        frame = frame.reformat(
            self._width,
            self._height,
            "yuv420p",
            dst_colorspace="ITU709",
            src_color_range="JPEG",
            dst_color_range="MPEG",
            interpolation="BICUBIC",
        )
        self._draw_ring(frame_planes(frame), float(seconds))
        self._draw_text(frame_planes(frame), number)
        return frame

    def _light(self, seconds: float) -> NDArray[np.uint16]:
        palette = np.array(_PALETTES[int(seconds // SCENE_SECONDS) % len(_PALETTES)], dtype=np.float32) / 255
        turn = seconds * 0.35
        ways = np.array([0.0, 2.1, 4.2], dtype=np.float32)
        across = np.sin(turn * np.array([0.9, 0.7, 1.1]) + ways * 1.7) * 1.15
        down = np.cos(turn * np.array([0.8, 1.2, 0.6]) + ways) * 0.7
        wide = 0.75 + 0.15 * np.sin(turn + ways)
        columns = np.exp(-(((self._x[:, None] - across) / (wide * 1.35)) ** 2)).astype(np.float32)
        rows = np.exp(-(((self._y[:, None] - down) / wide) ** 2)).astype(np.float32)
        planes = np.stack([(rows * palette[1:4, colour]) @ columns.T for colour in range(3)], axis=2)
        planes = planes * np.float32(0.85) + palette[0]
        self._add_discs(planes, seconds, palette[4])
        planes = 1 - np.exp(-planes * np.float32(1.25))
        return np.asarray(planes * self._shade * np.float32(65535), dtype=np.uint16)

    def _add_discs(self, planes: NDArray[np.float32], seconds: float, colour: NDArray[np.float32]) -> None:
        """Out-of-focus lights that rise slowly; a slightly brighter rim makes them read as lenses do."""
        for across, start, radius, speed, strength, sway in self._discs:
            middle_y = 1.4 - (start + seconds * speed) % 2.8
            middle_x = across + 0.08 * np.sin(seconds * 0.5 + sway)
            top, bottom = np.searchsorted(self._y, [middle_y - radius, middle_y + radius])
            left, right = np.searchsorted(self._x, [middle_x - radius, middle_x + radius])
            if top >= bottom or left >= right:
                continue
            distance = np.hypot(self._y[top:bottom, None] - middle_y, self._x[None, left:right] - middle_x)
            edge = np.clip((radius - distance) * (self._rows / 5), 0, 1)
            rim = 0.6 + 0.4 * (distance / radius) ** 4
            twinkle = 0.75 + 0.25 * np.sin(seconds * 0.9 + sway * 3)
            planes[top:bottom, left:right] += (edge * rim * strength * twinkle)[..., None] * colour

    def _make_shade(self) -> NDArray[np.float32]:
        """Darker corners, and a little darker inside the ring, so that the figures stand out."""
        distance = np.hypot(self._y[:, None], self._x[None, :])
        corners = 1 - 0.38 * np.clip((distance - 0.7) / 1.4, 0, 1) ** 1.5
        inside = 1 - 0.34 * np.clip((0.74 - distance) * 12, 0, 1)
        return np.asarray((corners * inside)[..., None], dtype=np.float32)

    def _draw_ring(self, planes: Planes, seconds: float) -> None:
        into = seconds % 1.0
        glow = 0.20 + 0.45 * np.exp(-into * 7)
        for plane, level in zip(planes, (235, 128, 128), strict=True):
            rows, columns, coverage = self._rings[level]
            passed = np.arange(len(rows)) < round(into * len(rows))
            was = plane[rows, columns].astype(np.float32)
            strength = coverage * np.where(passed, 0.95, glow)
            plane[rows, columns] = (was + (level - was) * strength).astype(np.uint8)

    def _draw_text(self, planes: Planes, number: int) -> None:
        middle = self._height // 2
        for printer, text, top, opacity in (
            (self._label, "CUTROOM SAMPLE", middle - round(self._height * 0.155), 0.75),
            (self._large, timecode(number, self._rate), middle - self._large.height // 2, 1.0),
            (self._small, f"frame {number:06d}", middle + round(self._height * 0.105), 0.85),
        ):
            printer.write(planes, text, (self._width - printer.width(text)) // 2, top, opacity)


def timecode(number: int, rate: Fraction) -> str:
    """Non-drop timecode of a frame: it counts frames at the nearest whole rate."""
    whole = max(round(rate), 1)
    seconds, frame = divmod(number, whole)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frame:02d}"


def _disc_table(aspect: float) -> list[tuple[float, ...]]:
    chance = np.random.default_rng(7)
    rows = chance.uniform((-aspect, 0, 0.045, 0.03, 0.05, 0), (aspect, 2.8, 0.2, 0.11, 0.3, 6.28), (_DISCS, 6))
    return [tuple(float(value) for value in row) for row in rows]


def _ring(
    width: int, height: int, radius: float, thick: float, scale: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Rows and columns of the ring's pixels in the order of a clock's hand from the top, and their coverage.

    `scale` is 1 for luma and 2 for chroma, whose planes have half the rows and columns.
    """
    y, x = np.mgrid[0 : (height + scale - 1) // scale, 0 : (width + scale - 1) // scale].astype(np.float32)
    y, x = (y + 0.5) * scale - height / 2, (x + 0.5) * scale - width / 2
    coverage = np.clip(thick / 2 + 0.5 - np.abs(np.hypot(x, y) - radius), 0, 1)
    rows, columns = np.nonzero(coverage)
    order = np.argsort(np.arctan2(x, -y)[rows, columns] % (2 * np.pi), kind="stable")
    rows, columns = rows[order], columns[order]
    return rows, columns, coverage[rows, columns]
