"""The sheet: tiles in order, each with the time of its own frame, never more than a hundred."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutroom.media.previews import make_sprite
from cutroom.media.sample import make_footage, read_barcode
from cutroom.media.sample.chart import BarcodeChart
from cutroom.media.sheet import MOST_TILES
from cutroom.media.sprite import SpriteDetail, SpriteSink


def numbers_of(folder: Path, detail: SpriteDetail) -> list[int]:
    sheet = np.asarray(Image.open(folder / detail.files[0]).convert("RGB"))
    assert sheet.shape[:2] == (detail.rows * detail.tile_height, detail.columns * detail.tile_width)
    places = [(divmod(index, detail.columns)) for index in range(detail.count)]
    return [
        read_barcode(
            sheet[row * detail.tile_height :, column * detail.tile_width :][: detail.tile_height, : detail.tile_width]
        )
        for row, column in places
    ]


@pytest.mark.parametrize("variable", [False, True])
def test_tiles_are_in_order_and_say_their_own_time(tmp_path: Path, variable: bool) -> None:
    path = tmp_path / "film.mp4"
    made = make_footage(
        path, seconds=8, width=320, height=180, kind="barcode", variable=variable, bframes=2, rate=10, audio=None
    )
    detail = make_sprite(path, tmp_path)
    assert detail is not None
    numbers = numbers_of(tmp_path, detail)
    assert len(numbers) >= 10
    assert [made.pts[number] * Fraction(made.time_base) for number in numbers] == [
        Fraction(text) for text in detail.exact_times
    ]
    assert numbers[0] == 0
    assert detail.times == sorted(detail.times)


def test_long_footage_is_read_at_keyframes(tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    make_footage(path, seconds=90, width=320, height=180, kind="barcode", rate=5, gop=10, audio=None)
    detail = make_sprite(path, tmp_path)
    assert detail is not None
    assert numbers_of(tmp_path, detail) == [round(seconds * 5) for seconds in detail.times] == list(range(0, 450, 10))


def test_a_length_that_was_wrong_thins_the_tiles(tmp_path: Path) -> None:
    chart = BarcodeChart(160, 90, flash=False)
    sink = SpriteSink(tmp_path, Fraction(10))
    for second in range(1000):
        sink.add(chart.paint(second, Fraction(second)), Fraction(second))
    detail = sink.finish()
    assert detail is not None
    assert MOST_TILES // 2 <= detail.count <= MOST_TILES
    assert numbers_of(tmp_path, detail) == detail.times
    steps = np.diff(detail.times)
    assert steps.min() == steps.max() == 16


def test_the_map_is_webvtt(tmp_path: Path) -> None:
    chart = BarcodeChart(160, 90, flash=False)
    sink = SpriteSink(tmp_path, Fraction(50))
    for second in range(13):
        sink.add(chart.paint(second, Fraction(second)), Fraction(second))
    sink.finish()
    cues = (tmp_path / "thumbnails.vtt").read_text().split("\n\n")
    assert cues[0] == "WEBVTT"
    assert cues[12] == "00:00:11.000 --> 00:00:12.000\nsprite-0.webp#xywh=160,90,160,90"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sprite-0.webp", "thumbnails.vtt"]


def test_nothing_comes_of_no_frames(tmp_path: Path) -> None:
    assert SpriteSink(tmp_path, None).finish() is None
    assert list(tmp_path.iterdir()) == []
