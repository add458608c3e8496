"""Exact frame rates, positions as people write them, and SMPTE timecode with its drop-frame counting.

A rate is a `Fraction` of frames a second and a position is a whole frame number counted from 0; nothing here is a
float, because 29.97 is 30000/1001 and an hour of rounding it is 108 ms wrong.
"""

from __future__ import annotations

import re
from fractions import Fraction

from cutroom.core.errors import CutroomError

_NTSC_NOMINAL = (24, 30, 48, 60, 120)  # rates that exist in a x1000/1001 version
_RATE = re.compile(r"(\d{1,9})(?:\s*[/:]\s*(\d{1,9})|(\.\d{1,9}))?", re.ASCII)
_FRAMES = re.compile(r"(\d{1,12})\s*f", re.IGNORECASE | re.ASCII)
_TIMECODE = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2})([:;])(\d{1,3})", re.ASCII)
_CLOCK = re.compile(r"(?:(?:(\d{1,4}):)?(\d{1,5}):)?(\d{1,9}(?:[.,]\d{1,9})?|[.,]\d{1,9})s?", re.ASCII)


def parse_rate(text: str) -> Fraction:
    """A rate in frames a second: `30000/1001`, `25`, or a decimal such as `29.97`, which means 30000/1001."""
    found = _RATE.fullmatch(text.strip())
    if not found or (found[2] is not None and int(found[2]) == 0):
        raise _bad_rate(text)
    rate = Fraction(int(found[1]), int(found[2] or 1)) if not found[3] else Fraction(found[1] + found[3])
    if rate <= 0:
        raise _bad_rate(text)
    return _snap_to_ntsc(rate) if found[3] else rate


def format_rate(rate: Fraction) -> str:
    """How rates are written in JSON: `30000/1001`, and `25/1` for whole ones is written `25`."""
    return str(rate.numerator) if rate.denominator == 1 else f"{rate.numerator}/{rate.denominator}"


def nominal_rate(rate: Fraction) -> int:
    """How many frame numbers one second of timecode has: 30 for 29.97."""
    return max(1, round_half_up(rate))


def drops_frames(rate: Fraction) -> bool:
    """Whether drop-frame timecode is defined at this rate: 29.97 and its multiples only."""
    nominal = nominal_rate(rate)
    return nominal % 30 == 0 and rate == Fraction(nominal * 1000, 1001)


def parse_position(text: str, rate: Fraction) -> int:
    """The frame number of a position at `rate`.

    `HH:MM:SS.mmm`, `MM:SS` and seconds go to the nearest frame; `HH:MM:SS:FF` and drop-frame `HH:MM:SS;FF` count
    frames; `123f` is a frame number. Raises `timecode.unreadable`, `timecode.dropped` or `timecode.no-drop-frame`.
    """
    seconds = parse_seconds(text)
    if seconds is not None:
        return nearest_frame(seconds, rate)
    if found := _FRAMES.fullmatch(text.strip()):
        return int(found[1])
    found = _TIMECODE.fullmatch(text.strip())
    if not found:
        raise CutroomError(
            "timecode.unreadable",
            f"{text!r} is not a position in a video.",
            hint="Write HH:MM:SS.mmm, MM:SS, seconds, HH:MM:SS:FF (; before FF for drop-frame) or 123f.",
        )
    hours, minutes, seconds_part, frames = int(found[1]), int(found[2]), int(found[3]), int(found[5])
    return _count_timecode(text, (hours, minutes, seconds_part, frames), rate, drop=found[4] == ";")


def parse_seconds(text: str) -> Fraction | None:
    """Seconds of a position written as a clock or as seconds; None when it counts frames or is unreadable."""
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        return None
    hours, minutes, seconds = int(found[1] or 0), int(found[2] or 0), Fraction(found[3].replace(",", "."))
    if (found[2] is not None and seconds >= 60) or (found[1] is not None and minutes >= 60):
        return None
    return hours * 3600 + minutes * 60 + seconds


def nearest_frame(seconds: Fraction, rate: Fraction) -> int:
    """The frame that starts nearest to `seconds`; halves go up."""
    return round_half_up(seconds * rate)


def round_half_up(value: Fraction) -> int:
    """The nearest whole number, halves up, so that rounding never depends on the parity of a frame."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def format_timecode(frame: int, rate: Fraction, drop: bool | None = None) -> str:
    """`HH:MM:SS:FF`, or `HH:MM:SS;FF` in drop-frame, which None chooses wherever the rate defines it.

    Hours go on past 24, so that every frame has a timecode of its own.
    """
    nominal = nominal_rate(rate)
    dropping = drops_frames(rate) if drop is None else drop
    if dropping and not drops_frames(rate):
        raise _no_drop_frame(format_rate(rate))
    sign, number = ("-", -frame) if frame < 0 else ("", frame)
    if dropping:
        number = _number_with_gaps(number, nominal)
    seconds, frames = divmod(number, nominal)
    width = max(2, len(str(nominal - 1)))
    mark = ";" if dropping else ":"
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{frames:0{width}d}"


def _snap_to_ntsc(rate: Fraction) -> Fraction:
    """Decimals are how people write the x1000/1001 rates: 23.98 and 23.976 are both 24000/1001."""
    for nominal in _NTSC_NOMINAL:
        exact = Fraction(nominal * 1000, 1001)
        if abs(rate - exact) < Fraction(1, 100) and rate != nominal:
            return exact
    return rate


def _count_timecode(text: str, parts: tuple[int, int, int, int], rate: Fraction, *, drop: bool) -> int:
    hours, minutes, seconds, frames = parts
    nominal = nominal_rate(rate)
    if minutes > 59 or seconds > 59 or frames >= nominal:
        raise CutroomError(
            "timecode.unreadable",
            f"{text!r} does not exist at {format_rate(rate)} frames a second.",
            hint=f"Minutes and seconds end at 59 and frames at {nominal - 1}.",
        )
    total_minutes = hours * 60 + minutes
    number = (total_minutes * 60 + seconds) * nominal + frames
    if not drop:
        return number
    if not drops_frames(rate):
        raise _no_drop_frame(format_rate(rate))
    dropped_a_minute = nominal // 15
    if minutes % 10 and seconds == 0 and frames < dropped_a_minute:
        raise CutroomError(
            "timecode.dropped",
            f"{text!r} is a timecode that drop-frame counting leaves out.",
            hint=f"The next one is {hours:02d}:{minutes:02d}:00;{dropped_a_minute:02d}.",
        )
    return number - dropped_a_minute * (total_minutes - total_minutes // 10)


def _number_with_gaps(frame: int, nominal: int) -> int:
    """The number drop-frame counting shows for a frame: two (59.94: four) are skipped a minute, save each tenth."""
    dropped = nominal // 15
    a_minute = nominal * 60 - dropped
    ten_minutes = a_minute * 10 + dropped
    tens, rest = divmod(frame, ten_minutes)
    # The first minute of ten is a full one, so it is longer by the numbers the others skip.
    minutes = 0 if rest < a_minute + dropped else 1 + (rest - a_minute - dropped) // a_minute
    return frame + dropped * (9 * tens + minutes)


def _bad_rate(text: str) -> CutroomError:
    return CutroomError("timecode.rate", f"{text!r} is not a frame rate.", hint="Write it as 25, 29.97 or 30000/1001.")


def _no_drop_frame(rate: str) -> CutroomError:
    return CutroomError(
        "timecode.no-drop-frame",
        f"Drop-frame timecode does not exist at {rate} frames a second.",
        hint="Write : instead of ; before the frames.",
    )
