"""Sound stays with the picture: a flash and a beep start each second, in the source and in every clip of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from cutroom.media.cut.cutting import cut_range
from cutroom.media.cut.pictures import Point
from cutroom.media.sample import make_footage
from cutroom.media.sample.chart import FLASH_BOX

SOURCES = {
    "25": (Fraction(25), "libx264"),
    "59.94": (Fraction(60000, 1001), "libx264"),
    "29.97, HEVC": (Fraction(30000, 1001), "libx265"),
}


@pytest.fixture(scope="module", params=SOURCES)
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Fraction]:
    rate, codec = SOURCES[request.param]
    path = tmp_path_factory.mktemp("sound") / "beeps.mp4"
    shape = {"width": 160, "height": 90, "gop": 20, "bframes": 2, "open_gop": codec == "libx265"}
    make_footage(path, seconds=4, rate=rate, kind="barcode", codec=codec, audio="beep", **shape)
    return path, rate


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".ts"])
@pytest.mark.parametrize("mode", ["smart", "copy", "exact"])
def test_sound_and_picture_stay_within_a_frame(
    source: tuple[Path, Fraction], tmp_path: Path, mode: str, suffix: str
) -> None:
    path, rate = source
    output = tmp_path / f"clip{suffix}"
    first, last = int(rate * Fraction(5, 4)), int(rate * Fraction(7, 2))
    answer = cut_range(path, output, Point(frame=first), Point(frame=last), mode=mode)
    assert answer.mode == mode
    frame = float(1 / rate)
    flashes, beeps = flash_starts(output), beep_starts(output)
    start = picture_times(output)[0]
    beeps = [beep for beep in beeps if beep > start + 0.05]  # one that sounds when the clip starts has no start
    assert len(flashes) == len(beeps) >= 2
    assert all(abs(flash - beep) < frame for flash, beep in zip(flashes, beeps, strict=True))
    assert flashes[-1] - start == pytest.approx(3 - answer.first * frame, abs=frame)
    heard = sound(output)[0]
    ends = heard[-1] - (start + answer.frames * frame)
    slack = 0.025 if suffix in (".mkv", ".ts") else frame  # a packet of sound is 21 ms, and these hide no part of one
    assert abs(ends) < slack
    assert heard[0] - start == pytest.approx(0, abs=slack)


def flash_starts(path: Path) -> list[float]:
    times, lit = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            grey = frame.to_ndarray(format="gray")
            box = grey[round(90 * FLASH_BOX[1]) + 4 : -4, round(160 * FLASH_BOX[0]) + 4 : -4]
            times.append(frame.time)
            lit.append(bool(box.mean() > 125))
    return [times[i] for i in range(1, len(lit)) if lit[i] and not lit[i - 1]]


def picture_times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def sound(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """Times and levels of all samples that a player would play."""
    times, levels = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            times.append(frame.time + np.arange(frame.samples) / frame.sample_rate)
            levels.append(np.abs(frame.to_ndarray()[0]))
    return np.concatenate(times), np.concatenate(levels)


def beep_starts(path: Path) -> list[float]:
    times, levels = sound(path)
    loud = np.convolve(levels, np.ones(64) / 64, mode="same") > 0.1 * levels.max()
    edges = np.flatnonzero(loud[1:] & ~loud[:-1]) + 1
    starts: list[float] = []
    for edge in edges:
        if not starts or times[edge] - starts[-1] > 0.5:
            starts.append(float(times[edge]))
    return starts
