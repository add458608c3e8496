"""A part of a long file gives the same pictures as all of it, and the rest is not read."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from cutroom.media.cut import index
from cutroom.media.cut.index import read_pictures
from cutroom.media.cut.pictures import Pictures, Point, Wanted
from cutroom.media.cut.plan import plan_copy, plan_smart
from cutroom.media.sample import make_footage

KINDS = {"closed": {"bframes": 3}, "open": {"bframes": 3, "open_gop": True}, "plain": {"bframes": 0}}


@pytest.fixture(scope="module", params=KINDS)
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("window") / "source.mp4"
    kind = KINDS[request.param]
    make_footage(path, seconds=8, rate=Fraction(25), width=160, height=90, kind="barcode", gop=12, audio="tone", **kind)
    return path


@pytest.mark.parametrize("first", [0, 1, 11, 12, 13, 60, 95, 100, 187])
@pytest.mark.parametrize("length", [1, 9, 12])
def test_a_window_plans_as_the_whole_file_does(
    source: Path, monkeypatch: pytest.MonkeyPatch, first: int, length: int
) -> None:
    whole = read_pictures(source, Wanted())
    monkeypatch.setattr(index, "WORTH_IT", 0)
    part = read_pictures(source, Wanted(start=Point(frame=first), end=Point(frame=first + length)))
    assert part.table is not None
    assert len(part.coded) < len(whole.coded)
    assert (part.count, list(part.starts), part.end) == (whole.count, list(whole.starts), whole.end)
    assert (part.rate, part.codec, part.constant) == (whole.rate, whole.codec, whole.constant)
    assert choices(part, first, first + length) == choices(whole, first, first + length)


def choices(pictures: Pictures, first: int, last: int) -> tuple[object, object]:
    """What is copied, by the pictures themselves, because their places in the list differ."""
    copy, smart = plan_copy(pictures.coded, first, last), plan_smart(pictures.coded, first, last)
    return copy and copy.kept(pictures.coded), smart and smart.span.kept(pictures.coded)


def test_seconds_and_padding_choose_the_same_frames(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "WORTH_IT", 0)
    wanted = Wanted(start=Point(seconds=Fraction(3)), end=Point(seconds=Fraction(4)), padding=Fraction(1, 2))
    part = read_pictures(source, wanted)
    numbers = {p.number for p in part.coded}
    assert set(range(62, 113)) <= numbers
    assert wanted.start.resolve(part) == 75


def test_a_range_outside_is_seen_without_reading_anything(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "WORTH_IT", 0)
    part = read_pictures(source, Wanted(start=Point(frame=5), end=Point(frame=500)))
    assert part.coded == ()
    assert part.count == 200


@pytest.mark.parametrize("bframes", [0, 3])
def test_a_variable_rate_is_numbered_by_the_files_own_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bframes: int
) -> None:
    path = tmp_path / "source.mp4"
    settings = {"seconds": 8, "rate": Fraction(25), "width": 160, "height": 90, "gop": 12, "audio": "tone"}
    make_footage(path, kind="barcode", variable=True, bframes=bframes, **settings)
    whole = read_pictures(path, Wanted())
    monkeypatch.setattr(index, "WORTH_IT", 0)
    part = read_pictures(path, Wanted(start=Point(frame=60), end=Point(frame=70)))
    assert part.table is not None
    assert (list(part.starts), part.end) == (list(whole.starts), whole.end)
    assert len(part.coded) < len(whole.coded) / 2
    assert choices(part, 60, 70) == choices(whole, 60, 70)
