"""The test picture: the bar code above, moving bars, the number for people, and a flash with each beep."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

from cutroom.media.sample.barcode import paint_barcode
from cutroom.media.sample.digits import DigitPrinter
from cutroom.media.sample.planes import frame_planes
from cutroom.media.sample.sound import BEEP_SECONDS

FLASH_BOX = (0.80, 0.75, 1.0, 1.0)
"""Left, top, right, bottom of the flash as shares of the frame: white while the beep sounds, else black."""


class BarcodeChart:
    """Paints a frame that says its number; `flash` also shows the beep."""

    def __init__(self, width: int, height: int, *, flash: bool) -> None:
        self._width, self._height, self._flash = width, height, flash
        self._printer = DigitPrinter(max(round(min(height * 0.22, width * 0.2)), 8))
        self._ramp = np.linspace(0, 1, width, dtype=np.float32)

    def paint(self, number: int, seconds: Fraction) -> av.VideoFrame:
        """The frame `number`, shown at `seconds`, as limited-range 4:2:0."""
        frame = av.VideoFrame(self._width, self._height, "yuv420p")
        luma, blue, red = planes = frame_planes(frame)
        wave = 0.5 + 0.5 * np.sin(2 * np.pi * (2 * self._ramp - number / 50))
        luma[...] = (70 + 90 * wave).astype(np.uint8)
        blue[...] = 128 + round(40 * np.sin(number / 40))
        red[...] = 128 + round(40 * np.cos(number / 40))
        paint_barcode(luma, number)
        rows = -(-(round(self._height * 0.30) + 1) // 2)
        blue[:rows], red[:rows] = 128, 128
        text = f"{number:06d}"
        self._printer.write(planes, text, (self._width - self._printer.width(text)) // 2, round(self._height * 0.42))
        if self._flash:
            left, top, _right, _bottom = FLASH_BOX
            lit = seconds % 1 < Fraction(str(BEEP_SECONDS))
            box = luma[round(self._height * top) :, round(self._width * left) :]
            box[...] = 235 if lit else 16
        return frame
