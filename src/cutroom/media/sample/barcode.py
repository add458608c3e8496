"""A frame number that survives scaling to 80 × 45 and hard compression, because each bit is a large block.

Layout, on a grid of 16 columns over the frame's width and two rows, each 15 % of its height, from the top:

    row 0:  white  black  n19 n18 … n6          (14 bits)
    row 1:  n5 … n0  c7 … c0  black  white      (6 bits of the number, 8 of its check)

A bit that is set is white. `n` is the frame number, `c` the CRC-8 (polynomial 0x07) of its three big-endian bytes.
The four reference cells give the two levels, so that range and gain do not matter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

COLUMNS = 16
ROW_SHARE = 0.15
MAX_NUMBER = (1 << 20) - 1
_LEAST_CONTRAST = 40  # levels of 255 between the white and the black reference


def cells(number: int) -> NDArray[np.bool_]:
    """The two rows of 16 cells that say `number`; true is white."""
    if not 0 <= number <= MAX_NUMBER:
        raise ValueError(f"a bar code holds 0 to {MAX_NUMBER}, not {number}")
    word = number << 8 | _check(number)
    bits = [bool(word >> shift & 1) for shift in range(27, -1, -1)]
    return np.array([True, False, *bits, False, True]).reshape(2, COLUMNS)


def paint_barcode(luma: NDArray[np.uint8], number: int, *, black: int = 16, white: int = 235) -> None:
    """Draw the code of `number` over the top 30 % of `luma` (height × width, levels of limited range)."""
    height, width = luma.shape
    edges = np.linspace(0, width, COLUMNS + 1).round().astype(int)
    columns = np.repeat(np.arange(COLUMNS), np.diff(edges))
    levels = np.where(cells(number), white, black).astype(np.uint8)
    for row in range(2):
        top, bottom = (round(height * ROW_SHARE * edge) for edge in (row, row + 1))
        luma[top:bottom] = levels[row, columns]


def read_barcode(image: NDArray[Any]) -> int:
    """The frame number in `image` (height × width, or with colours last; upright, any size from 80 × 45).

    Raises ValueError when there is no code or it is damaged beyond reading.
    """
    grey = image if image.ndim == 2 else image[..., :3].mean(axis=2)
    height, width = grey.shape
    values = np.array([[_cell_mean(grey, row, column, width, height) for column in range(COLUMNS)] for row in range(2)])
    white = (values[0, 0] + values[1, 15]) / 2
    black = (values[0, 1] + values[1, 14]) / 2
    if white - black < _LEAST_CONTRAST:
        raise ValueError(f"no bar code here: white is {white:.0f} and black is {black:.0f}")
    bits = (values > (white + black) / 2).reshape(-1)[2:30]
    word = int("".join("1" if bit else "0" for bit in bits), 2)
    number, check = word >> 8, word & 0xFF
    if check != _check(number):
        raise ValueError(f"the bar code is damaged: it says {number}, and its check does not agree")
    return number


def _cell_mean(grey: NDArray[Any], row: int, column: int, width: int, height: int) -> float:
    """The mean of the middle half of a cell: its edges are blurred by scaling."""
    top, bottom = (height * ROW_SHARE * (row + part) for part in (0.25, 0.75))
    left, right = (width * (column + part) / COLUMNS for part in (0.25, 0.75))
    block = grey[round(top) : max(round(bottom), round(top) + 1), round(left) : max(round(right), round(left) + 1)]
    return float(block.mean())


def _check(number: int) -> int:
    value = 0
    for byte in number.to_bytes(3, "big"):
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ 0x07 if value & 0x80 else value << 1) & 0xFF
    return value ^ 0x55  # an all-black picture must not read as frame 0
