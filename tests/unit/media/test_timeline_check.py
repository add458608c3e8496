"""Holes in the rhythm of pictures: found where it is even, and nothing said where it is not."""

from __future__ import annotations

from cutroom.media.timeline_check import Hole, holes, lost

EVEN = list(range(0, 100 * 40, 40))
SOUND = (1 / 1000, list(range(0, 4100, 21)))


def test_an_even_rhythm_has_no_holes():
    assert holes(EVEN) == []
    assert holes([round(number * 1000 / 30) for number in range(100)]) == []


def test_missing_pictures_are_counted_and_placed():
    assert holes(EVEN[:50] + EVEN[53:]) == [Hole(EVEN[49], EVEN[53], 3)]


def test_pictures_may_come_in_any_order():
    shuffled = EVEN[1::2] + EVEN[::2]
    shuffled.remove(EVEN[50])
    assert holes(shuffled) == [Hole(EVEN[49], EVEN[51], 1)]


def test_variable_rates_are_left_alone():
    assert holes([at for index, at in enumerate(EVEN) if index % 7]) == []  # more than three holes
    assert holes(EVEN[:50] + [at + 17 for at in EVEN[50:]]) == []  # a step that is no multiple
    assert holes(EVEN[:10]) == []  # too few
    assert holes(EVEN + EVEN[:1]) == []  # the same time twice: fields, or hidden frames


def test_a_hole_is_a_loss_only_where_the_sound_goes_on():
    short, long = Hole(2000, 2400, 9), Hole(1000, 3000, 49)
    tick, around = 1 / 1000, [at for at in SOUND[1] if not 1000 < at < 3000]
    assert lost(short, tick, [SOUND])
    assert lost(long, tick, [SOUND])
    assert not lost(long, tick, [(SOUND[0], around)])
    assert lost(short, tick, [])
    assert not lost(long, tick, [])  # a pause of the recording
