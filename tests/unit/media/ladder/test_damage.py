from __future__ import annotations

from fractions import Fraction

from av.packet import Packet

from cutroom.media.ladder.damage import Damage, Holes


def packet(at: float, stream: int = 1) -> Packet:
    made = Packet(b"x")
    made.pts, made.duration, made.time_base = round(at * 1000), 20, Fraction(1, 1000)
    return made


def test_moments_close_together_are_one_place() -> None:
    damage = Damage()
    for at in (Fraction(5), Fraction(11, 2), Fraction(3700)):
        damage.add(at)
    assert damage.note(Fraction(1)) == "Damage was passed over at 0:00:04.0 to 0:00:04.5, 1:01:39.0."


def test_only_the_first_places_are_named() -> None:
    damage = Damage()
    for at in range(0, 70, 10):
        damage.add(Fraction(at))
    note = damage.note(Fraction(0))
    assert note is not None
    assert note.endswith("0:00:40.0 and at 2 more places.")
    assert Damage().note(Fraction(0)) is None


def test_a_hole_is_where_neither_is() -> None:
    damage = Damage()
    holes = Holes(damage)
    for at in (0.0, 0.02, 0.04, 3.0, 3.02):
        holes.picture(packet(at))
        holes.sound(packet(at))
    assert damage.stretches == [(Fraction(6, 100), Fraction(3))]


def test_a_silence_that_was_not_written_is_no_hole() -> None:
    damage = Damage()
    holes = Holes(damage)
    for at in range(0, 3000, 40):
        holes.picture(packet(at / 1000))
    for at in (0.0, 0.02, 2.9):
        holes.sound(packet(at))
    assert damage.stretches == []
