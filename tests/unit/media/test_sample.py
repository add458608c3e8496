"""Made footage: every frame says its number, in every container, and times are what was asked."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.media.sample import make_footage, read_barcode
from cutroom.media.sample.barcode import MAX_NUMBER, paint_barcode
from cutroom.media.source import open_source


def frames_of(path: Path, turned: int = 0) -> list[tuple[Fraction, int]]:
    with open_source(path) as container:
        return [
            (frame.pts * frame.time_base, read_barcode(np.rot90(frame.to_ndarray(format="gray"), -turned // 90)))
            for frame in container.decode(video=0)
        ]


@given(number=st.integers(0, MAX_NUMBER), width=st.integers(80, 400), height=st.integers(45, 300))
def test_a_code_reads_back_at_any_size(number: int, width: int, height: int) -> None:
    luma = np.full((height, width), 90, np.uint8)
    paint_barcode(luma, number)
    assert read_barcode(luma) == number


def test_a_picture_without_a_code_is_no_number() -> None:
    for level in (0, 16, 128, 255):
        with pytest.raises(ValueError, match="no bar code"):
            read_barcode(np.full((90, 160), level, np.uint8))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("b-frames.mp4", {"bframes": 3}),
        ("open.mp4", {"bframes": 3, "open_gop": True, "gop": 10, "rate": Fraction(30000, 1001)}),
        ("hevc.mov", {"codec": "libx265", "bframes": 2, "rate": Fraction(24000, 1001), "audio": "beep"}),
        ("mpeg4.mp4", {"codec": "mpeg4", "bframes": 2, "rate": 25}),
        ("stream.ts", {"rate": 50, "bframes": 2}),
        ("vp9.webm", {"rate": Fraction(60000, 1001)}),
        ("variable.mp4", {"variable": True, "bframes": 2}),
        ("variable.mkv", {"variable": True}),
        ("turned.mp4", {"rotation": 90}),
        ("late.mp4", {"start": Fraction(1, 2), "bframes": 2}),
        ("deep.mkv", {"pixel_format": "yuv420p10le"}),
    ],
)
def test_every_frame_says_its_number_and_keeps_its_time(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    made = make_footage(tmp_path / name, seconds=1, width=160, height=96, kind="barcode", **options)
    found = frames_of(tmp_path / name, options.get("rotation", 0))
    assert [number for _, number in found] == list(range(len(made.pts)))
    rounding = Fraction(1, 1000) if name.endswith(("mkv", "webm")) else 0
    for (seconds, _), tick in zip(found, made.pts, strict=True):
        assert abs(seconds - found[0][0] - tick * Fraction(made.time_base)) <= rounding


def test_the_code_survives_small_and_hard_compressed_pictures(tmp_path: Path) -> None:
    make_footage(tmp_path / "hard.mp4", seconds=1, width=128, height=72, kind="barcode", audio=None, crf=40)
    assert [number for _, number in frames_of(tmp_path / "hard.mp4")] == list(range(30))


def test_beeps_and_flashes_begin_each_second(tmp_path: Path) -> None:
    make_footage(tmp_path / "beep.mp4", seconds=3, width=160, height=96, kind="barcode", audio="beep")
    with open_source(tmp_path / "beep.mp4") as container:
        lit = [int(f.to_ndarray(format="gray")[-8:, -8:].mean() > 128) for f in container.decode(video=0)]
    assert lit == ([1] * 3 + [0] * 27) * 3
    with open_source(tmp_path / "beep.mp4") as container:
        sound = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0) if f.pts >= 0])
    loud = np.abs(sound[: 3 * 48000]).reshape(-1, 480).max(axis=1) > 0.2
    assert [index for index in range(len(loud)) if loud[index] and not loud[index - 1]] == [0, 100, 200]


def test_the_sample_is_colourful_and_moves(tmp_path: Path) -> None:
    make_footage(tmp_path / "sample.mp4", seconds=1, width=320, height=180)
    with open_source(tmp_path / "sample.mp4") as container:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    assert len(frames) == 30
    assert frames[0].std() > 20
    assert np.abs(frames[0] - frames[20]).max() > 60


def test_a_failed_writer_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        make_footage(tmp_path / "film.xyz", seconds=1)
    assert list(tmp_path.iterdir()) == []
