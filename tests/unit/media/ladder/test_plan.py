"""Sizes of rungs and the grid of segments."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.media.ladder.plan import Grid, Shape, max_bit_rate, plan_rungs, rung_heights, shown_shape


@pytest.mark.parametrize(
    ("wanted", "height", "expected"),
    [
        ("auto", 2160, (720, 480, 240)),
        ("auto", 720, (720, 480, 240)),
        ("auto", 719, (480, 240)),
        ("auto", 144, (144,)),
        ("auto", 145, (144,)),
        ("full", 1080, (1080, 720, 480, 240)),
        ("full", 800, (720, 480, 240)),
        ([360, 540, 360], 720, (540, 360)),
        ([1080], 576, (576,)),
        ("auto", 1, (2,)),
    ],
)
def test_heights_never_exceed_the_source(wanted: str | list[int], height: int, expected: tuple[int, ...]) -> None:
    assert rung_heights(wanted, height) == expected


@given(st.integers(1, 8192), st.integers(1, 8192), st.sampled_from([24, 30, 60]))
def test_rungs_are_even_and_in_shape(width: int, height: int, rate: int) -> None:
    rungs = plan_rungs(Shape(width=width, height=height), "full", Fraction(rate))
    assert rungs
    for rung in rungs:
        assert rung.width % 2 == rung.height % 2 == 0
        assert 2 <= rung.width <= max(2, width)
        assert rung.height <= max(2, height)
        if min(width, height) >= 16:
            assert abs(rung.width - width * rung.height / height) <= 2


def test_known_sizes() -> None:
    assert [(r.width, r.height) for r in plan_rungs(Shape(width=1920, height=1080), "full", Fraction(30))] == [
        (1920, 1080),
        (1280, 720),
        (854, 480),
        (426, 240),
    ]


def test_shown_shape_applies_aspect_then_turn() -> None:
    assert shown_shape(720, 576, Fraction(64, 45), 0) == Shape(width=1024, height=576)
    assert shown_shape(1920, 1080, None, 1) == Shape(width=1080, height=1920)
    assert shown_shape(1920, 1080, Fraction(1281, 1280), 0) == Shape(width=1920, height=1080)
    assert shown_shape(640, 480, Fraction(5000), 2) == Shape(width=640, height=480)


def test_caps_grow_with_size_and_motion() -> None:
    assert max_bit_rate(1280, 720, Fraction(30)) == 3_000_000
    assert max_bit_rate(1280, 720, Fraction(24)) == 3_000_000
    assert max_bit_rate(1280, 720, Fraction(60)) > 4_000_000
    assert max_bit_rate(16, 16, Fraction(30)) == 64_000


def test_the_grid_begins_with_two_short_cells() -> None:
    grid = Grid(Fraction(4))
    assert [grid.start(cell) for cell in range(5)] == [0, 2, 4, 8, 12]
    assert [grid.cell(tick, 10) for tick in (0, 19, 20, 39, 40, 79, 80, 119)] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert grid.target_seconds == 4
    assert [Grid(Fraction(3, 2)).start(cell) for cell in range(4)] == [0, Fraction(3, 2), 3, Fraction(9, 2)]


@given(st.integers(0, 10**9), st.sampled_from([1000, 30_000, 90_000]), st.fractions(min_value=1, max_value=20))
def test_every_time_is_in_its_cell(ticks: int, timescale: int, seconds: Fraction) -> None:
    grid = Grid(seconds)
    cell = grid.cell(ticks, timescale)
    assert grid.start(cell) <= Fraction(ticks, timescale) < grid.start(cell + 1)


def test_a_segment_lasts() -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        Grid(Fraction(0))


def test_qualities_order_the_caps() -> None:
    caps = [
        plan_rungs(Shape(width=1280, height=720), (720,), Fraction(30), quality)[0].max_bit_rate
        for quality in ("small", "balanced", "fine")
    ]
    assert caps == sorted(set(caps))
