"""Digits that cost nothing to draw: each character is rendered once, then blended into the planes of a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cutroom.media.sample.planes import Plane, Planes

_DIGITS = "0123456789"


class DigitPrinter:
    """Writes short texts into 4:2:0 planes; digits keep one width, so that a counter does not tremble."""

    def __init__(self, size: int, *, luma: int = 235, spacing: float = 0.0) -> None:
        """`size` is the height of the letters' em in pixels, `spacing` an extra share of it between letters."""
        self._font = ImageFont.load_default(size)
        self._luma = luma
        self._extra = round(size * spacing)
        ascent, descent = self._metrics()
        self.height = (ascent + descent + 1) & ~1
        self._digit_width = max(round(self._font.getlength(digit)) for digit in _DIGITS)
        self._glyphs: dict[str, NDArray[np.float32]] = {}

    def _metrics(self) -> tuple[int, int]:
        if isinstance(self._font, ImageFont.FreeTypeFont):
            return self._font.getmetrics()
        return 12, 4  # Pillow without FreeType: its bitmap font

    def width(self, text: str) -> int:
        """Pixels that `text` takes."""
        return sum(self._advance(character) for character in text)

    def _advance(self, character: str) -> int:
        own = self._digit_width if character in _DIGITS else round(self._font.getlength(character))
        return own + self._extra

    def _glyph(self, character: str) -> NDArray[np.float32]:
        if character not in self._glyphs:
            cell = self._advance(character)
            image = Image.new("L", (cell, self.height))
            offset = (cell - self._font.getlength(character)) / 2
            ImageDraw.Draw(image).text((offset, 0), character, fill=255, font=self._font)
            self._glyphs[character] = np.asarray(image, dtype=np.float32) / np.float32(255)
        return self._glyphs[character]

    def alpha(self, text: str) -> NDArray[np.float32]:
        """The coverage of `text`, 0 to 1, as one strip."""
        return np.concatenate([self._glyph(character) for character in text], axis=1)

    def write(self, planes: Planes, text: str, left: int, top: int, opacity: float = 1.0) -> None:
        """Blend `text` into the planes with its top left corner at (`left`, `top`); whatever is outside is cut off."""
        blend(planes, self.alpha(text) * np.float32(opacity), left, top, self._luma)


def blend(planes: Planes, alpha: NDArray[np.float32], left: int, top: int, luma: int, chroma: int = 128) -> None:
    """Blend a colourless shape of coverage `alpha` into 4:2:0 planes."""
    left, top = left & ~1, top & ~1
    height, width = planes[0].shape
    alpha = alpha[: max(0, height - top), : max(0, width - left)]
    alpha = alpha[: alpha.shape[0] & ~1, : alpha.shape[1] & ~1]
    if not alpha.size or left < 0 or top < 0:
        return
    _mix(planes[0][top : top + alpha.shape[0], left : left + alpha.shape[1]], alpha, luma)
    small = alpha[::2, ::2]
    for plane in planes[1:]:
        _mix(plane[top // 2 : top // 2 + small.shape[0], left // 2 : left // 2 + small.shape[1]], small, chroma)


def _mix(target: Plane, alpha: NDArray[np.float32], level: int) -> None:
    target[...] = (target + (np.float32(level) - target) * alpha + np.float32(0.5)).astype(np.uint8)
