"""A sprite out of the lowest rung shows the frames that its map names, without touching the source."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from cutroom.core.errors import CutroomError
from cutroom.media.sample import make_footage
from cutroom.media.trickplay import make_sprite_of_rung
from tests.integration.ladder_reading import make_ladder
from tests.unit.media.test_sprite import numbers_of


@pytest.mark.parametrize(("declared", "count"), [(9, 18), (2000, 1)])
def test_tiles_are_frames_of_the_rung(tmp_path: Path, declared: int, count: int) -> None:
    source = tmp_path / "in.mp4"
    make_footage(source, seconds=9, rate=10, width=640, height=360, kind="barcode", bframes=2, audio=None)
    made = make_ladder(source, tmp_path / "out", heights=(180,))
    detail = make_sprite_of_rung(made.folder / "180.m3u8", tmp_path, Fraction(declared))
    assert detail is not None
    assert detail.count == count
    assert [Fraction(time) * 10 for time in detail.exact_times] == numbers_of(tmp_path, detail)
    assert [round(seconds * 10) for seconds in detail.times] == numbers_of(tmp_path, detail)


def test_a_ladder_with_holes_is_one_error(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    make_footage(source, seconds=5, rate=10, width=320, height=180, kind="barcode", audio=None)
    made = make_ladder(source, tmp_path / "out", heights=(180,))
    sorted((made.folder / "180").glob("*.m4s"))[1].unlink()
    with pytest.raises(CutroomError) as caught:
        make_sprite_of_rung(made.folder / "180.m3u8", tmp_path, Fraction(5))
    assert caught.value.code == "proxy.incomplete"
