"""Times of frames: from zero, forward, exact, and whether they are regular."""

from __future__ import annotations

from array import array
from fractions import Fraction

import pytest

from cutroom.media.ladder.clock import LadderClock, steady_rate

MILLI = Fraction(1, 1000)


def placed(clock: LadderClock, stamps: list[int | None]) -> list[Fraction]:
    return [Fraction(clock.place(stamp, 0), clock.timescale) for stamp in stamps]


def test_the_first_frame_is_zero_and_the_rest_keep_their_distance() -> None:
    clock = LadderClock(Fraction(1, 90_000), Fraction(25))
    assert placed(clock, [126_000, 129_600, 140_000]) == [0, Fraction(3600, 90_000), Fraction(14_000, 90_000)]
    assert clock.offset == Fraction(126_000, 90_000)
    assert clock.mended == 0


@pytest.mark.parametrize("base", [Fraction(1, 25), Fraction(1001, 30_000), MILLI, Fraction(1, 12_288)])
def test_coarse_clocks_stay_exact(base: Fraction) -> None:
    clock = LadderClock(base, Fraction(25))
    assert placed(clock, [7, 8, 11]) == [0, base, 4 * base]
    assert 10_000 <= clock.timescale < 10_000_000


def test_too_fine_a_clock_is_rounded() -> None:
    clock = LadderClock(Fraction(1, 10**9), Fraction(25))
    clock.place(0, 0)
    assert clock.place(40_000_000, 0) == 3600
    assert clock.timescale == 90_000


def test_absent_and_backward_stamps_are_mended() -> None:
    clock = LadderClock(MILLI, Fraction(25))
    assert placed(clock, [100, None, 180, 170, 260]) == [0, 40 * MILLI, 80 * MILLI, 100 * MILLI, 160 * MILLI]
    assert clock.mended == 2


def test_a_new_recording_behind_the_old_one_goes_on() -> None:
    clock = LadderClock(MILLI, Fraction(25))
    assert placed(clock, [50_000, 50_040, 0, 40]) == [0, 40 * MILLI, 80 * MILLI, 120 * MILLI]


def test_the_end_is_the_last_frames() -> None:
    clock = LadderClock(MILLI, Fraction(25))

    def ends() -> Fraction:
        return Fraction(clock.end, clock.timescale)

    clock.place(0, 0)
    assert ends() == 40 * MILLI
    clock.place(40, 33)
    assert ends() == 73 * MILLI
    clock.place(80, 90_000)
    assert ends() == 120 * MILLI


@pytest.mark.parametrize("rate", ["24000/1001", "25", "30000/1001", "50", "60000/1001", "25/2"])
@pytest.mark.parametrize("timescale", [1000, 90_000, 12_800])
def test_rounded_times_of_a_steady_rate_are_recognised(rate: str, timescale: int) -> None:
    times = array("q", [round(frame * timescale / Fraction(rate)) for frame in range(20_000)])
    for nominal in (Fraction(rate), Fraction(29), Fraction(1, 7)):
        assert steady_rate(times, timescale, nominal, Fraction(1, timescale)) == Fraction(rate)


def test_a_gap_or_a_wobble_is_variable() -> None:
    steady = [frame * 40 for frame in range(1000)]
    assert steady_rate(array("q", steady[:500] + steady[501:]), 1000, Fraction(25), MILLI) is None
    wobbly = [time + 20 * (index % 2) for index, time in enumerate(steady)]
    assert steady_rate(array("q", wobbly), 1000, Fraction(25), MILLI) is None


def test_one_frame_has_the_nominal_rate() -> None:
    clock = LadderClock(MILLI, Fraction(25))
    clock.place(5, 40)
    timing = clock.timing(pts_file="timing.json")
    assert (timing.rate, timing.frames, timing.variable, timing.pts) == ("25", 1, False, None)
    assert (timing.first_pts, timing.offset, timing.end) == (5, "1/200", 640)
