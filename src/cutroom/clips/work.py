"""Cutting a clip, from files to an answer: no store, no server. The worker and the command line call it in a child."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from cutroom.core.errors import CutroomError
from cutroom.core.timecode import format_rate, parse_position, parse_seconds
from cutroom.media.cut.cutting import Delivery, cut_range, read_clock
from cutroom.media.cut.pictures import Point

Report = Callable[[dict[str, Any]], None]


class CutAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked and what the clip holds. Frames are counted from the source's first one; outs are exclusive."""

    path: str
    mode_asked: str
    mode_used: str
    fallback_reason: str | None  # why another mode than the asked one was used
    in_frame_asked: int  # without padding
    out_frame_asked: int
    in_frame: int  # delivered, with padding, and in mode copy from key frame on
    out_frame: int
    frame_rate: str  # of the source, "30000/1001"
    frames: int
    frames_reencoded: int


def cut_clip(
    *,
    report: Report,
    source: str,
    output: str,
    in_frame: int,
    out_frame: int,
    mode: str = "smart",
    padding: str = "0",
) -> CutAnswer:
    """Cut frames [in_frame, out_frame) and `padding` seconds ("num/den") around them out of `source` into `output`."""
    start, end = Point(frame=in_frame), Point(frame=out_frame)
    return _cut(report, source, output, start, end, mode, padding)


def cut_between(
    *,
    report: Report,
    source: str,
    output: str,
    start: str,
    end: str,
    mode: str = "smart",
    padding: str = "0",
    timecode: str = "file",
    aside: str | None = None,
) -> CutAnswer:
    """The same between positions as people write them; `timecode` "source" counts from the source's own timecode.

    `aside` names the file that grows until it is complete, so that a caller that kills this can remove it.
    """
    rate, first = read_clock(Path(source))
    if timecode not in ("file", "source"):
        raise CutroomError("clip.timecode", f"There is no timecode {timecode!r}.", hint="Use file or source.")
    if timecode == "file":
        points = _in_file(start, rate), _in_file(end, rate)
    elif first is None:
        raise CutroomError(
            "clip.no-timecode", "The source carries no timecode.", hint="Leave out --tc source and count from 0."
        )
    else:
        origin = parse_position(first, rate)
        points = _in_source(start, rate, origin), _in_source(end, rate, origin)
    return _cut(report, source, output, *points, mode, padding, aside)


def _in_file(text: str, rate: Fraction) -> Point:
    seconds = parse_seconds(text)
    # Seconds are left to the frames' own times, which at a variable rate no number of frames a second can give.
    return Point(seconds=seconds) if seconds is not None else Point(frame=parse_position(text, rate))


def _in_source(text: str, rate: Fraction, origin: int) -> Point:
    """A plain frame number stays one of the file: there is no other way to write it."""
    frame = parse_position(text, rate)
    return Point(frame=frame if text.strip().lower().endswith("f") else frame - origin)


def _cut(
    report: Report,
    source: str,
    output: str,
    start: Point,
    end: Point,
    mode: str,
    padding: str,
    aside: str | None = None,
) -> CutAnswer:
    delivery = cut_range(
        Path(source),
        Path(output),
        start,
        end,
        mode=mode,
        padding=_read_padding(padding),
        aside=Path(aside) if aside else None,
        report=lambda fraction, stage: report({"fraction": fraction, "stage": stage}),
    )
    return _answer(delivery, output, mode)


def _read_padding(text: str) -> Fraction:
    try:
        padding = Fraction(text)
    except (ValueError, ZeroDivisionError):
        padding = Fraction(-1)
    if not 0 <= padding <= 3600:
        raise CutroomError("clip.padding", f"{text!r} is no padding.", hint="Give seconds from 0 to 3600, such as 0.5.")
    return padding


def _answer(delivery: Delivery, output: str, mode: str) -> CutAnswer:
    return CutAnswer(
        path=output,
        mode_asked=mode,
        mode_used=delivery.mode,
        fallback_reason=delivery.fallback_reason,
        in_frame_asked=delivery.asked[0],
        out_frame_asked=delivery.asked[1],
        in_frame=delivery.first,
        out_frame=delivery.last,
        frame_rate=format_rate(delivery.rate),
        frames=delivery.frames,
        frames_reencoded=delivery.reencoded,
    )
