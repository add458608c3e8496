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
from tests.conftest import WHOLE


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


def test_long_footage_has_more_sheets_and_one_map(tmp_path: Path) -> None:
    chart = BarcodeChart(160, 90, flash=False)
    sink = SpriteSink(tmp_path, Fraction(7200))
    for second in range(0, 7200, 2):
        if sink.wants(Fraction(second)):
            sink.add(chart.paint(second, Fraction(second)), Fraction(second))
    detail = sink.finish()
    assert detail is not None
    assert detail.fine is not None
    assert detail.files == [f"sprite-{number}.webp" for number in range(9)]
    assert (detail.count, len(detail.fine.times)) == (60, 720)
    assert numbers_of(tmp_path, detail) == detail.times == list(range(0, 7200, 120))
    assert [Fraction(time) for time in detail.fine.times] == list(range(0, 7200, 10))
    cues = (tmp_path / detail.vtt).read_text().strip().split("\n\n")[1:]
    assert len(cues) == 720
    for number in (0, 99, 100, 357, 719):
        clock, place = cues[number].split("\n")
        hours, minutes, seconds = clock.split(" --> ")[0].split(":")
        name, _, box = place.partition("#xywh=")
        x, y, width, height = map(int, box.split(","))
        sheet = np.asarray(Image.open(tmp_path / name).convert("RGB"))
        assert max(sheet.shape) <= 1600
        assert read_barcode(sheet[y : y + height, x : x + width]) == 10 * number
        assert int(hours) * 3600 + int(minutes) * 60 + float(seconds) == 10 * number
    assert cues[-1].startswith("01:59:50.000 --> 02:00:00.000")


@pytest.mark.skipif(not WHOLE, reason="it takes long; run: make faults")
def test_a_very_long_recording_thins_what_follows_instead_of_growing(tmp_path: Path) -> None:
    chart = BarcodeChart(16, 10, flash=False)
    sink = SpriteSink(tmp_path, Fraction(100_000))
    picture = chart.paint(0, Fraction(0))
    for second in range(0, 100_000, 10):
        sink.add(picture, Fraction(second))
    detail = sink.finish()
    assert detail is not None
    assert detail.fine is not None
    assert len(detail.fine.files) < 72
    assert Fraction(detail.fine.times[-1]) - Fraction(detail.fine.times[-2]) == 20


def test_a_very_wide_picture_gives_low_tiles(tmp_path: Path) -> None:
    sink = SpriteSink(tmp_path, Fraction(10))
    sink.add_image(Image.new("RGB", (20_000, 16), "red"), Fraction(0))
    detail = sink.finish()
    assert detail is not None
    assert (detail.tile_width, detail.tile_height) == (360, 2)
