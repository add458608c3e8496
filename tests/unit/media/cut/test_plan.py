"""Plans over groups of pictures of every shape, by property."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cutroom.media.cut.pictures import Access, Picture
from cutroom.media.cut.plan import decoding_times, entry_before, plan_copy, plan_smart

TICK = 10


@st.composite
def streams(draw: st.DrawFn) -> list[Picture]:
    """Pictures in decoding order: closed and open groups, reordered pictures in any order an encoder might choose."""
    coded: list[Picture] = []
    number = 0
    for index in range(draw(st.integers(1, 6))):
        opens = index > 0 and draw(st.booleans())
        leading = draw(st.integers(0, 3)) if opens else 0
        coded.append(picture(number + leading, Access.KEY if opens else Access.SPLICE))
        coded += [picture(number + n) for n in draw(st.permutations(range(leading)))]
        number += leading + 1
        for between in draw(st.lists(st.integers(0, 3), max_size=5)):
            coded.append(picture(number + between))
            coded += [picture(number + n) for n in draw(st.permutations(range(between)))]
            number += between + 1
    return coded


@st.composite
def hevc_streams(draw: st.DrawFn) -> list[Picture]:
    """Groups that begin with an IRAP picture, each of which a copy may start at, however many pictures lead it."""
    return [replace(one, access=Access.SPLICE) if one.access is Access.KEY else one for one in draw(streams())]


def picture(number: int, access: Access = Access.NONE) -> Picture:
    return Picture(pts=number * TICK, number=number, access=access)


@st.composite
def cuts(draw: st.DrawFn) -> tuple[list[Picture], int, int]:
    coded = draw(st.one_of(streams(), hevc_streams()))
    first = draw(st.integers(0, len(coded) - 1))
    return coded, first, draw(st.integers(first + 1, len(coded)))


@given(cuts())
def test_a_smart_plan_shows_each_frame_of_the_range_once(cut: tuple[list[Picture], int, int]) -> None:
    coded, first, last = cut
    plan = plan_smart(coded, first, last)
    splices = [p.number for p in coded if p.access is Access.SPLICE and p.number is not None]
    assert (plan is None) == (not any(first <= number < last for number in splices))
    if plan is None:
        return
    copied = [p.number for p in plan.span.kept(coded)]
    shown = [*range(plan.first, plan.span.first), *sorted(copied), *range(plan.span.last, plan.last)]
    assert shown == list(range(first, last))
    assert plan.reencoded == last - first - len(copied)


@given(cuts())
def test_what_a_smart_plan_copies_needs_nothing_else(cut: tuple[list[Picture], int, int]) -> None:
    coded, first, last = cut
    plan = plan_smart(coded, first, last)
    if plan is None:
        return
    kept = plan.span.kept(coded)
    assert kept[0].access is Access.SPLICE
    # What leads the first one refers to pictures that are not there; behind it every picture is taken in its order.
    run = coded[plan.span.begin : plan.span.end]
    assert kept == [p for p in run if (p.number or 0) >= plan.span.first]
    # Nothing more could have been copied: every longer run leaves the range or has a gap.
    for end in range(plan.span.end + 1, len(coded) + 1):
        run = coded[plan.span.begin : end]
        if (run[-1].number or 0) < plan.span.first:
            continue  # one that leads the first copied picture is no part of the copy
        numbers = sorted(p.number for p in run if p.number is not None and p.number >= plan.span.first)
        assert numbers[-1] >= last or numbers != list(range(numbers[0], numbers[-1] + 1))


@given(cuts())
def test_a_copy_covers_the_range_from_a_key_picture(cut: tuple[list[Picture], int, int]) -> None:
    coded, first, last = cut
    span = plan_copy(coded, first, last)
    assert span is not None
    assert span.first <= first
    assert span.last >= last
    kept = span.kept(coded)
    assert kept[0].access
    assert sorted(p.number or 0 for p in kept) == list(range(span.first, span.last))
    nearer = [p.number for p in coded if p.access and p.number is not None and span.first < p.number <= first]
    assert not nearer


@given(cuts())
def test_hidden_pictures_never_come_to_light(cut: tuple[list[Picture], int, int]) -> None:
    coded, first, last = cut
    hidden = {p.number for p in coded[len(coded) // 2 :: 3]}
    coded = [replace(p, number=None, edited_out=True) if p.number in hidden else p for p in coded]
    for span in (plan_copy(coded, first, last), getattr(plan_smart(coded, first, last), "span", None)):
        assert span is None or not any(p.edited_out for p in span.kept(coded))


@given(cuts())
def test_decoding_starts_at_a_key_picture_shown_no_later(cut: tuple[list[Picture], int, int]) -> None:
    coded, first, _ = cut
    entry = entry_before(coded, first * TICK)
    assert coded[entry].access
    assert coded[entry].pts <= first * TICK
    assert any(p.number == first for p in coded[entry:])


@given(streams())
def test_decoding_times_rise_and_come_before_showing(coded: list[Picture]) -> None:
    pts = [p.pts for p in coded]
    times = decoding_times(pts, TICK)
    assert all(a < b for a, b in itertools.pairwise(times))
    assert all(decoded <= shown for decoded, shown in zip(times, pts, strict=True))
    depth = (pts[0] - times[0]) // TICK
    if depth:
        later = [time + TICK for time in times]
        assert any(decoded > shown for decoded, shown in zip(later, pts, strict=True))


@given(st.lists(st.integers(1, 900), min_size=1, max_size=40), st.data())
def test_decoding_times_hold_at_any_rate(steps: list[int], data: st.DataObject) -> None:
    pts = list(itertools.accumulate(steps))
    swapped = _swap(pts, data)
    times = decoding_times(swapped, 40)
    assert all(a < b for a, b in itertools.pairwise(times))
    assert all(decoded <= shown for decoded, shown in zip(times, swapped, strict=True))


def _swap(pts: list[int], data: st.DataObject) -> list[int]:
    """Pairs of neighbours decoded the other way round, as with one B-frame."""
    out = list(pts)
    for index in range(1, len(out) - 1, 2):
        if data.draw(st.booleans()):
            out[index], out[index + 1] = out[index + 1], out[index]
    return out
