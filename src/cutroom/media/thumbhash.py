"""ThumbHash: a picture's impression in about 25 bytes, shown while the picture itself is on its way.

The public algorithm and its layout are described at https://evanw.github.io/thumbhash/ (Evan Wallace, 2023). Only
opaque pictures are encoded here, which is all that video has.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

LARGEST = 100
"""Neither side of the picture may be larger, in pixels."""


def thumbhash(picture: NDArray[np.uint8]) -> bytes:
    """The hash of an RGB picture, height × width × 3, at most 100 pixels on a side."""
    height, width = picture.shape[:2]
    if max(height, width) > LARGEST:
        raise ValueError(f"at most {LARGEST} pixels on a side, not {width} × {height}")
    red, green, blue = (picture[..., index].astype(np.float64) / 255 for index in range(3))
    luminance, yellow, orange = (red + green + blue) / 3, (red + green) / 2 - blue, red - green
    longest = max(width, height)
    across = max(1, _round(7 * width / longest))
    down = max(1, _round(7 * height / longest))
    l_dc, l_ac, l_scale = _channel(luminance, max(3, across), max(3, down))
    p_dc, p_ac, p_scale = _channel(yellow, 3, 3)
    q_dc, q_ac, q_scale = _channel(orange, 3, 3)
    landscape = int(width > height)
    head24 = (
        _round(63 * l_dc)
        | _round(31.5 + 31.5 * p_dc) << 6
        | _round(31.5 + 31.5 * q_dc) << 12
        | _round(31 * l_scale) << 18
    )
    head16 = (down if landscape else across) | _round(63 * p_scale) << 3 | _round(63 * q_scale) << 9 | landscape << 15
    nibbles = [_round(15 * value) for value in (*l_ac, *p_ac, *q_ac)]
    nibbles += [0] * (len(nibbles) % 2)
    packed = bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
    return head24.to_bytes(3, "little") + head16.to_bytes(2, "little") + packed


def _channel(channel: NDArray[np.float64], across: int, down: int) -> tuple[float, list[float], float]:
    """The mean of a channel, its cosine terms in the triangle of low frequencies (0 to 1), and their scale."""
    height, width = channel.shape
    columns = np.cos(np.pi / width * np.outer(np.arange(across), np.arange(width) + 0.5))
    rows = np.cos(np.pi / height * np.outer(np.arange(down), np.arange(height) + 0.5))
    terms = rows @ channel @ columns.T / (width * height)
    ac = [float(terms[y, x]) for y in range(down) for x in range(across) if (x or y) and x * down < across * (down - y)]
    scale = max((abs(term) for term in ac), default=0.0)
    if scale > 0:
        ac = [0.5 + 0.5 / scale * term for term in ac]
    return float(terms[0, 0]), ac, scale


def _round(value: float) -> int:
    return math.floor(value + 0.5)  # halves go up, as in the reference, not to even
