"""Display matrices as quarter turns and mirrorings."""

from __future__ import annotations

import pytest

from cutroom.media.ladder.orientation import Orientation, from_matrix

ONE = 1 << 16
W = 1 << 30


@pytest.mark.parametrize(
    ("a", "b", "c", "d", "turns", "mirrored"),
    [
        (ONE, 0, 0, ONE, 0, False),
        (0, ONE, -ONE, 0, 1, False),
        (-ONE, 0, 0, -ONE, 2, False),
        (0, -ONE, ONE, 0, 3, False),
        (-ONE, 0, 0, ONE, 0, True),
        (ONE, 0, 0, -ONE, 2, True),
        (0, 0, 0, 0, 0, False),
    ],
)
def test_turns(a: int, b: int, c: int, d: int, turns: int, mirrored: bool) -> None:
    assert from_matrix((a, b, 0, c, d, 0, 0, 0, W)) == Orientation(quarter_turns=turns, mirrored=mirrored)


def test_filters() -> None:
    assert Orientation().filters == ()
    assert Orientation(quarter_turns=1).filters == (("transpose", "clock"),)
    assert Orientation(quarter_turns=3, mirrored=True).filters == (("hflip", ""), ("transpose", "cclock"))
