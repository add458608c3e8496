"""Rates, positions and drop-frame timecode, by example and by property."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutroom.core.errors import CutroomError
from cutroom.core.timecode import (
    drops_frames,
    format_rate,
    format_timecode,
    nearest_frame,
    parse_position,
    parse_rate,
    parse_seconds,
)

NTSC = Fraction(30000, 1001)
RATES = [
    Fraction(24000, 1001), Fraction(24), Fraction(25), NTSC, Fraction(30), Fraction(50), Fraction(60000, 1001),
    Fraction(60), Fraction(25, 2), Fraction(120), Fraction(120000, 1001),
]  # fmt: skip
rates = st.sampled_from(RATES)
frames = st.integers(min_value=0, max_value=120 * 3600 * 30)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("30000/1001", NTSC), ("25", Fraction(25)), ("25/1", Fraction(25)), ("29.97", NTSC), ("12.5", Fraction(25, 2)),
        ("23.976", Fraction(24000, 1001)), ("23.98", Fraction(24000, 1001)), ("59.94", Fraction(60000, 1001)),
        ("30.0", Fraction(30)), ("24.0", Fraction(24)),
    ],
)  # fmt: skip
def test_a_rate_is_read_exactly(text: str, rate: Fraction) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "0", "25/0", "-25", "fast", "25/", "1e3", "nan", "0/1"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(CutroomError) as failure:
        parse_rate(text)
    assert failure.value.code == "timecode.rate"


@given(rates)
def test_a_written_rate_reads_back(rate: Fraction) -> None:
    assert parse_rate(format_rate(rate)) == rate


@pytest.mark.parametrize(
    ("text", "rate", "frame"),
    [
        ("123f", NTSC, 123), ("0", NTSC, 0), ("1", NTSC, 30), ("1.5", Fraction(25), 38), ("00:00:01.500", NTSC, 45),
        ("01:30", Fraction(25), 2250), ("1:00:00", Fraction(25), 90000), ("00:00:01:05", Fraction(25), 30),
        ("00:01:00;02", NTSC, 1800), ("00:10:00;00", NTSC, 17982), ("01:00:00;00", NTSC, 107892),
        ("01:00:00:00", NTSC, 108000), ("00:01:00;04", Fraction(60000, 1001), 3600), ("0.02", Fraction(25), 1),
        ("90:00.000", Fraction(24), 129600), (".5", Fraction(24), 12), ("100000", Fraction(24), 2400000),
    ],
)  # fmt: skip
def test_a_position_becomes_a_frame(text: str, rate: Fraction, frame: int) -> None:
    assert parse_position(text, rate) == frame


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "timecode.unreadable"), ("soon", "timecode.unreadable"), ("-1", "timecode.unreadable"),
        ("00:61:00:00", "timecode.unreadable"), ("00:00:00:30", "timecode.unreadable"),
        ("1:2:3:4:5", "timecode.unreadable"),
        ("00:00:75.5", "timecode.unreadable"), ("00:01:00;00", "timecode.dropped"), ("00:01:00;01", "timecode.dropped"),
        ("1e5", "timecode.unreadable"), ("nan", "timecode.unreadable"), ("inf", "timecode.unreadable"),
        ("٣", "timecode.unreadable"),
    ],
)  # fmt: skip
def test_what_is_no_position_is_refused_with_a_code(text: str, code: str) -> None:
    with pytest.raises(CutroomError) as failure:
        parse_position(text, NTSC)
    assert failure.value.code == code


def test_drop_frame_is_refused_where_it_does_not_exist() -> None:
    with pytest.raises(CutroomError) as failure:
        parse_position("00:00:01;00", Fraction(25))
    assert failure.value.code == "timecode.no-drop-frame"
    with pytest.raises(CutroomError):
        format_timecode(0, Fraction(24000, 1001), drop=True)


@given(frames, rates, st.booleans())
def test_timecode_of_a_frame_reads_back_as_that_frame(frame: int, rate: Fraction, wants_drop: bool) -> None:
    drop = wants_drop and drops_frames(rate)
    assert parse_position(format_timecode(frame, rate, drop), rate) == frame


@given(frames, st.sampled_from([NTSC, Fraction(60000, 1001), Fraction(120000, 1001)]))
def test_drop_frame_grows_and_stays_near_the_clock(frame: int, rate: Fraction) -> None:
    here, after = format_timecode(frame, rate), format_timecode(frame + 1, rate)
    assert here < after or len(here) < len(after)
    hours, minutes, rest = here.split(":")
    shown = int(hours) * 3600 + int(minutes) * 60 + int(rest.split(";")[0])
    # Drop-frame gains 3.6 frames an hour that it does not correct, and never more than a minute's gap in between.
    assert abs(shown - frame / rate) <= Fraction(6, 5) + frame / rate / 900000


@given(frames, rates)
def test_a_frames_start_time_leads_back_to_it(frame: int, rate: Fraction) -> None:
    assert nearest_frame(frame / rate, rate) == frame


@given(st.integers(0, 10**7), rates)
def test_milliseconds_go_to_the_nearest_frame(milliseconds: int, rate: Fraction) -> None:
    seconds = Fraction(milliseconds, 1000)
    frame = parse_position(f"{seconds.numerator / seconds.denominator:.3f}", rate)
    assert abs(frame / rate - seconds) <= 1 / (2 * rate)


@given(st.text(max_size=20))
def test_any_text_is_a_position_or_one_clear_error(text: str) -> None:
    try:
        frame = parse_position(text, NTSC)
    except CutroomError as failure:
        frame = 0 if failure.code.startswith("timecode.") else -1
    assert frame >= 0


def test_seconds_are_told_from_frame_counts() -> None:
    assert parse_seconds("01:02:03.25") == Fraction(14893, 4)
    assert parse_seconds("00:00:01:05") is None
    assert parse_seconds("12f") is None
