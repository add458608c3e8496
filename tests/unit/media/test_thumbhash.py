"""ThumbHash against a decoder written from its public description."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cutroom.media.thumbhash import thumbhash


def decode(data: bytes) -> NDArray[np.float64]:
    """The picture of a hash without alpha, as thumbHashToRGBA gives it, 0 to 1."""
    head, tail = int.from_bytes(data[:3], "little"), int.from_bytes(data[3:5], "little")
    l_dc, p_dc, q_dc = (head & 63) / 63, (head >> 6 & 63) / 31.5 - 1, (head >> 12 & 63) / 31.5 - 1
    l_scale, p_scale, q_scale = (head >> 18 & 31) / 31, (tail >> 3 & 63) / 63, (tail >> 9 & 63) / 63
    assert not head >> 23, "no alpha"
    landscape = tail >> 15
    lx = max(3, 7 if landscape else tail & 7)
    ly = max(3, tail & 7 if landscape else 7)
    nibbles = iter([nibble for byte in data[5:] for nibble in (byte & 15, byte >> 4)])

    def terms(nx: int, ny: int, scale: float) -> dict[tuple[int, int], float]:
        places = [(x, y) for y in range(ny) for x in range(0 if y else 1, nx) if x * ny < nx * (ny - y)]
        return {place: (next(nibbles) / 7.5 - 1) * scale for place in places}

    l_ac, p_ac, q_ac = terms(lx, ly, l_scale), terms(3, 3, p_scale * 1.25), terms(3, 3, q_scale * 1.25)
    ratio = lx / ly
    width, height = (32, round(32 / ratio)) if ratio > 1 else (round(32 * ratio), 32)
    picture = np.zeros((height, width, 3))
    for y in range(height):
        for x in range(width):

            def value(dc: float, ac: dict[tuple[int, int], float], x: int = x, y: int = y) -> float:
                return dc + sum(
                    2 * a * math.cos(math.pi / width * (x + 0.5) * cx) * math.cos(math.pi / height * (y + 0.5) * cy)
                    for (cx, cy), a in ac.items()
                )

            lum, p, q = value(l_dc, l_ac), value(p_dc, p_ac), value(q_dc, q_ac)
            blue = lum - 2 / 3 * p
            red = (3 * lum - blue + q) / 2
            picture[y, x] = red, red - q, blue
    return np.clip(picture, 0, 1)


@settings(max_examples=30, deadline=None)
@given(colour=st.tuples(*[st.integers(0, 255)] * 3), width=st.integers(8, 100), height=st.integers(8, 100))
def test_one_colour_comes_back(colour: tuple[int, int, int], width: int, height: int) -> None:
    picture = np.zeros((height, width, 3), np.uint8) + np.array(colour, np.uint8)
    found = decode(thumbhash(picture)).mean(axis=(0, 1)) * 255
    assert np.abs(found - colour).max() < 10


@pytest.mark.parametrize("size", [(60, 100), (100, 60), (100, 100)])
def test_where_it_is_light_stays_light(size: tuple[int, int]) -> None:
    height, width = size
    ramp = np.linspace(20, 230, width)
    picture = np.repeat(np.tile(ramp, (height, 1))[..., None], 3, axis=2).astype(np.uint8)
    found = decode(thumbhash(picture)) * 255
    wanted = np.interp(np.linspace(0, 1, found.shape[1]), np.linspace(0, 1, width), ramp)
    assert np.abs(found[..., 1].mean(axis=0) - wanted).mean() < 12
    assert (found.shape[1] > found.shape[0]) == (width > height)


def test_a_large_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="100"):
        thumbhash(np.zeros((101, 20, 3), np.uint8))
