"""Cutting frames out of a file: choose a mode that is proved to work, carry it out, say what was delivered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.cut.assemble import Cut, Report, Written, source_timecode
from cutroom.media.cut.copy import cut_copy
from cutroom.media.cut.exact import cut_exact
from cutroom.media.cut.index import PictureIndex, first_video, frame_rate
from cutroom.media.cut.joint import NotJoinable
from cutroom.media.cut.pictures import Pictures, Point, Wanted
from cutroom.media.cut.plan import plan_copy, plan_smart
from cutroom.media.cut.smart import JOINED, cut_smart
from cutroom.media.cut.writer import target_for
from cutroom.media.source import open_source, reading, shown

_UNORDERED = "the file does not say in which order its frames are shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a cut came to. Frames are the source's; `last` is exclusive."""

    mode: str
    fallback_reason: str | None
    asked: tuple[int, int]
    first: int
    last: int
    rate: Fraction
    frames: int
    encoded: tuple[tuple[int, int], ...] = ()  # ranges of the source's frames that were encoded again
    dropped: tuple[str, ...] = ()  # in words, what of the source the clip does not hold

    @property
    def reencoded(self) -> int:
        """How many frames were encoded again."""
        return self.frames if self.mode == "exact" else sum(last - first for first, last in self.encoded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One clip to cut: frames from `start` up to but without `end`, and `padding` seconds more on both sides."""

    output: Path
    start: Point
    end: Point
    mode: str
    padding: Fraction = Fraction(0)
    aside: Path | None = None  # the name it grows under; one is chosen when none is given


def cut_range(
    source: Path,
    output: Path,
    start: Point,
    end: Point,
    *,
    mode: str,
    padding: Fraction = Fraction(0),
    aside: Path | None = None,
    report: Report = lambda fraction, stage: None,
) -> Delivery:
    """Write the frames from `start` up to but without `end`, and `padding` seconds more on both sides, to `output`.

    It grows under the name `aside`, which whoever kills this process should remove; one is chosen when none is given.

    Raises CutroomError: clip.range-empty, clip.range-outside, clip.no-video, clip.container, clip.no-folder,
    clip.same-file, clip.no-space, clip.no-permission, clip.not-written, clip.undecodable, clip.incomplete, media.*.
    """
    ask = Ask(output=output, start=start, end=end, mode=mode, padding=padding, aside=aside)
    return _cut(PictureIndex(source), ask, report)


def cut_many(
    source: Path, asks: Sequence[Ask], *, report: Report = lambda fraction, stage: None
) -> Iterator[Delivery | CutroomError]:
    """Cut several clips out of one file, whose pictures are read once; one that fails does not keep the next ones back.

    What `cut_range` raises comes as a result instead, in the order asked.
    """
    index = PictureIndex(source, several=len(asks) > 1)
    for number, ask in enumerate(asks):

        def part(fraction: float, stage: str, number: int = number) -> None:
            report((number + fraction) / len(asks), stage)

        try:
            yield _cut(index, ask, part)
        except CutroomError as error:
            yield error


def _cut(index: PictureIndex, ask: Ask, report: Report) -> Delivery:
    check_mode(ask.mode)
    source, start, end, padding = index.path, ask.start, ask.end, ask.padding
    target = target_for(ask.output, source, ask.aside)
    report(0.0, "reading")
    pictures = index.pictures(Wanted(start=start, end=end, padding=padding))
    asked = start.resolve(pictures), end.resolve(pictures)
    _check_range(source, pictures, asked)
    first, last = _padded(pictures, asked, padding)
    cut = Cut(source=source, target=target, pictures=pictures, first=first, last=last, report=report)
    return _MODES[ask.mode](cut, asked)


def read_clock(source: Path) -> tuple[Fraction, str | None]:
    """Frames a second and the timecode of the first frame, if the file carries one."""
    with open_source(source) as container, reading(source):
        stream = first_video(container, source)
        return frame_rate(stream), source_timecode(container, stream)


def _check_range(source: Path, pictures: Pictures, asked: tuple[int, int]) -> None:
    first, last = asked
    if first < 0 or last > pictures.count:
        raise CutroomError(
            "clip.range-outside",
            f"{shown(source)} has {pictures.count} frames, and the range asked for is {first} to {last}.",
            hint=f"Out is exclusive and at most {pictures.count}f.",
        )
    if first >= last:
        raise CutroomError(
            "clip.range-empty",
            f"The range {first} to {last} holds no frame.",
            hint="Out must be after in; it is the first frame that is left out.",
        )


def _padded(pictures: Pictures, asked: tuple[int, int], padding: Fraction) -> tuple[int, int]:
    if not padding:
        return asked
    if not pictures.ordered:
        more = int(padding * pictures.rate + Fraction(1, 2))
        return max(0, asked[0] - more), min(pictures.count, asked[1] + more)
    begin = pictures.seconds(0)
    first = pictures.nearest(max(Fraction(0), pictures.seconds(asked[0]) - begin - padding))
    last = pictures.nearest(pictures.seconds(asked[1]) - begin + padding)
    return min(first, asked[0]), min(max(last, asked[1]), pictures.count)


def _copy(cut: Cut, asked: tuple[int, int]) -> Delivery:
    if not cut.pictures.ordered:
        return _exact(cut, asked, _UNORDERED)
    span = plan_copy(cut.pictures.coded, cut.first, cut.last)
    if span is None:
        return _exact(cut, asked, "no key frame to copy from is shown at or before the start")
    return _delivery("copy", cut, asked, (span.first, span.last), cut_copy(cut, span))


def _smart(cut: Cut, asked: tuple[int, int]) -> Delivery:
    if not cut.pictures.ordered:
        return _exact(cut, asked, _UNORDERED)
    if cut.pictures.codec not in JOINED:
        return _exact(cut, asked, f"{cut.pictures.codec} is not joined, only {' and '.join(sorted(JOINED))}")
    plan = plan_smart(cut.pictures.coded, cut.first, cut.last)
    if plan is None:
        return _exact(cut, asked, "no key frame that a copy may start at lies inside the range")
    try:
        written = cut_smart(cut, plan)
    except NotJoinable as reason:
        return _exact(cut, asked, str(reason))
    return replace(_delivery("smart", cut, asked, (cut.first, cut.last), written), encoded=tuple(plan.ends))


def _exact(cut: Cut, asked: tuple[int, int], fallback_reason: str | None = None) -> Delivery:
    delivered = cut.first, cut.last
    done = _delivery("exact", cut, asked, delivered, cut_exact(cut))
    return replace(done, fallback_reason=fallback_reason, encoded=(delivered,))


def _delivery(mode: str, cut: Cut, asked: tuple[int, int], delivered: tuple[int, int], written: Written) -> Delivery:
    return Delivery(
        mode=mode,
        fallback_reason=None,
        asked=asked,
        first=delivered[0],
        last=delivered[1],
        rate=cut.pictures.rate,
        frames=written.frames,
        dropped=tuple(written.dropped),
    )


_MODES: dict[str, Callable[[Cut, tuple[int, int]], Delivery]] = {"copy": _copy, "smart": _smart, "exact": _exact}


def check_mode(mode: str) -> None:
    """Refuse a mode that does not exist, with `clip.mode`."""
    if mode not in _MODES:
        names = ", ".join(_MODES)
        raise CutroomError(
            "clip.mode", f"There is no mode {mode!r}.", hint=f"Use one of {names}.", kind=ErrorKind.INVALID
        )
