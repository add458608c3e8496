"""Deciding what a cut is made of, over nothing but the order of pictures: which are copied, which are encoded again.

Decoding order of a small group, its display numbers below, and a smart cut [2, 9):

    coded   I   P   B   B   P   B   I*  B   P   B       * may be spliced to
    shown   0   3   1   2   5   4   6   —   8   7
            └── encoded again: 2…5 ─┘   └ copied: 6 8 7 ┘   in 2, out 9
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cutroom.media.cut.pictures import Access, Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Pictures [begin, end) of the decoding order, which show frames [first, last) without a gap."""

    begin: int
    end: int
    first: int
    last: int

    def kept(self, coded: Sequence[Picture]) -> list[Picture]:
        """The pictures that are copied: those that lead the first one on the screen would refer to what is cut off."""
        return [p for p in coded[self.begin : self.end] if p.number is None or p.number >= self.first]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartPlan:
    """Frames [first, span.first) are encoded again, the span is copied, [span.last, last) is encoded again."""

    first: int
    span: Span
    last: int

    @property
    def reencoded(self) -> int:
        """How many frames are encoded again."""
        return sum(last - first for first, last in self.ends)

    @property
    def ends(self) -> list[tuple[int, int]]:
        """The ranges of frames that are encoded again, outs exclusive; none that is empty."""
        both = (self.first, self.span.first), (self.span.last, self.last)
        return [(first, last) for first, last in both if first < last]


def plan_copy(coded: Sequence[Picture], first: int, last: int) -> Span | None:
    """The shortest run of pictures from a key picture at or before `first` that shows everything up to `last`.

    None when no key picture is shown at or before `first`, or hidden pictures would come to light.
    """
    keys = (i for i, p in enumerate(coded) if p.access and p.number is not None and p.number <= first)
    begin = max(keys, default=None)
    if begin is None:
        return None
    for span in _closed_spans(coded, begin):
        if span.last >= last:
            return span
    return None


def plan_smart(coded: Sequence[Picture], first: int, last: int) -> SmartPlan | None:
    """The longest copy inside [first, last), from the earliest picture that a copy may start at.

    None when no such picture is in the range, so that all of it would be encoded again.
    """
    splices = (
        (p.number, i)
        for i, p in enumerate(coded)
        if p.access is Access.SPLICE and p.number is not None and first <= p.number < last
    )
    earliest = min(splices, default=None)
    if earliest is None:
        return None
    best: Span | None = None
    for span in _closed_spans(coded, earliest[1]):
        if span.last > last:
            # The longest run of pictures that are a run of frames too ended before this one.
            break
        best = span
    return SmartPlan(first=first, span=best, last=last) if best else None


def entry_before(coded: Sequence[Picture], pts: int) -> int:
    """Index of the picture to start decoding at, so that what is shown at `pts` and after comes out right."""
    return max((i for i, p in enumerate(coded) if p.access and p.pts <= pts), default=0)


def decoding_times(pts: Sequence[int], tick: int) -> list[int]:
    """Decoding times for pictures with these presentation times, in decoding order.

    Each is the presentation time a fixed number of pictures earlier in display order, the fewest that keep every
    picture decoded before it is shown: strictly rising, whatever the rate does, across copied and encoded pictures.
    """
    ordered, depth = sorted(pts), reorder_depth(pts)
    lead = [ordered[0] - (depth - i) * tick for i in range(depth)] if ordered else []
    return (lead + ordered)[: len(ordered)]


def reorder_depth(pts: Sequence[int]) -> int:
    """The most pictures, of these in decoding order, that are decoded before one that is shown before them."""
    place = {time: rank for rank, time in enumerate(sorted(pts))}
    return max((index - place[time] for index, time in enumerate(pts)), default=0)


def _closed_spans(coded: Sequence[Picture], begin: int) -> list[Span]:
    """Every span from `begin` whose pictures show frames without a gap, shortest first."""
    start = coded[begin].number
    if start is None:
        return []
    spans: list[Span] = []
    count = highest = 0
    for index in range(begin, len(coded)):
        picture = coded[index]
        if picture.edited_out:
            break
        if picture.number is None or picture.number < start:
            continue
        count += 1
        highest = max(highest, picture.number)
        if highest - start + 1 == count:
            spans.append(Span(begin=begin, end=index + 1, first=start, last=highest + 1))
    return spans
