"""The encoder of a rung: the same frames become the same bytes, also where the bit rate's cap bites."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame

from cutroom.media.ladder.fragments import Colour
from cutroom.media.ladder.plan import Rung
from cutroom.media.ladder.x264 import Encoder

WIDTH, HEIGHT, COUNT = 640, 360, 24
CAP = 2_000_000  # bits a second, a small part of what this noise would take


def noise() -> list[VideoFrame]:
    pixels = np.random.default_rng(1).integers(60, 200, (COUNT, HEIGHT * 3 // 2, WIDTH), np.uint8)
    return [VideoFrame.from_ndarray(one, format="yuv420p") for one in pixels]


def encoded(frames: Sequence[VideoFrame]) -> bytes:
    rung = Rung(width=WIDTH, height=HEIGHT, max_bit_rate=CAP, buffer_bits=CAP)
    colour = Colour(primaries=1, transfer=1, matrix=1)
    encoder = Encoder(rung, timescale=15_360, rate=Fraction(30), colour=colour, threads=1)
    coded = []
    for number, frame in enumerate(frames):
        frame.pts, frame.time_base = number * 512, Fraction(1, 15_360)
        coded += [sample.data for sample in encoder.encode(frame, sync=number == 0)]
    return b"".join([*coded, *(sample.data for sample in encoder.flush())])


def test_one_thread_codes_the_same_frames_to_the_same_bytes() -> None:
    with ThreadPoolExecutor(4) as pool:  # side by side, so that they get in each other's way
        first, *others = pool.map(encoded, [noise() for _ in range(4)])
    assert 0.3 * CAP < len(first) * 8 * 30 / COUNT < 3 * CAP
    assert all(other == first for other in others)
