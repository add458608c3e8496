"""Cutting a clip, from files to an answer: no store, no server. The worker and the command line call it in a child."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from cutroom.core.errors import CutroomError, ErrorDocument
from cutroom.core.timecode import format_rate, parse_position, parse_seconds
from cutroom.media.cut.cutting import Ask, Delivery, cut_many, cut_range, read_clock
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
    reencoded: list[tuple[int, int]]  # ranges of the source's frames that were encoded again
    dropped: list[str]  # what of the source the clip does not hold, in words


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One of several cuts: what it came to, or why it failed."""

    answer: CutAnswer | None
    error: ErrorDocument | None


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


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each of several cuts, by the id it was asked under."""

    outcomes: dict[str, Outcome]


def cut_clips(*, report: Report, source: str, cuts: list[dict[str, Any]]) -> Outcomes:
    """Cut several clips, each with an `id` and what `cut_clip` takes, out of one source, which is read once.

    Each has an outcome of its own; where all fail, the first one's error is raised.
    """
    asks = [
        Ask(
            output=Path(cut["output"]),
            start=Point(frame=cut["in_frame"]),
            end=Point(frame=cut["out_frame"]),
            mode=cut["mode"],
            padding=_read_padding(cut["padding"]),
        )
        for cut in cuts
    ]
    done = list(cut_many(Path(source), asks, report=_told(report)))
    if done and isinstance(done[0], CutroomError) and all(isinstance(one, CutroomError) for one in done):
        raise done[0]
    return Outcomes(outcomes={cut["id"]: _outcome(one, ask) for cut, one, ask in zip(cuts, done, asks, strict=True)})


def cut_list(
    *,
    report: Report,
    source: str,
    cuts: list[dict[str, str]],
    mode: str = "smart",
    padding: str = "0",
    timecode: str = "file",
) -> list[Outcome]:
    """Cut a list, {output, start, end, aside} each, positions as people write them, out of one source."""
    rate, first = read_clock(Path(source))
    margin = _read_padding(padding)
    asks: dict[int, Ask] = {}
    failed: dict[int, CutroomError] = {}
    for number, cut in enumerate(cuts):
        try:
            start, end = _points(cut["start"], cut["end"], rate, first, timecode)
        except CutroomError as error:
            failed[number] = error
            continue
        aside = Path(cut["aside"]) if cut.get("aside") else None
        asks[number] = Ask(output=Path(cut["output"]), start=start, end=end, mode=mode, padding=margin, aside=aside)
    done = dict(zip(asks, cut_many(Path(source), list(asks.values()), report=_told(report)), strict=True))
    return [_outcome(failed.get(number) or done[number], asks.get(number)) for number in range(len(cuts))]


def _outcome(done: Delivery | CutroomError, ask: Ask | None) -> Outcome:
    if isinstance(done, CutroomError) or ask is None:
        assert isinstance(done, CutroomError)
        return Outcome(answer=None, error=done.document)
    return Outcome(answer=_answer(done, str(ask.output), ask.mode), error=None)


def _told(report: Report) -> Callable[[float, str], None]:
    return lambda fraction, stage: report({"fraction": fraction, "stage": stage})


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
    points = _points(start, end, rate, first, timecode)
    return _cut(report, source, output, *points, mode, padding, aside)


def _points(start: str, end: str, rate: Fraction, first: str | None, timecode: str) -> tuple[Point, Point]:
    if timecode not in ("file", "source"):
        raise CutroomError("clip.timecode", f"There is no timecode {timecode!r}.", hint="Use file or source.")
    if timecode == "file":
        return _in_file(start, rate), _in_file(end, rate)
    if first is None:
        raise CutroomError(
            "clip.no-timecode", "The source carries no timecode.", hint="Leave out --tc source and count from 0."
        )
    origin = parse_position(first, rate)
    return _in_source(start, rate, origin), _in_source(end, rate, origin)


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
        report=_told(report),
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
        reencoded=list(delivery.encoded),
        dropped=list(delivery.dropped),
    )
