"""Reading only the part of a long file that a cut needs, where its own index says enough to number the frames.

That is an MP4 or MOV of a constant rate: its index lists every picture, so frames lie on a grid of equal steps, and a
picture's time gives its number. Whatever does not fit the grid exactly makes the caller read the whole file instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice

from av.container import InputContainer
from av.video.stream import VideoStream

from cutroom.media.cut.pictures import Picture, Pictures, Wanted

WORTH_IT = 2000  # pictures; shorter files are read in a moment
_FIRST_SHOWN = 64  # pictures among whose first the first shown one surely is
_STEPS_BACK = (2, 12)  # key pictures before the range to start at; not every one may be decoded from
_SETTLED = 2

Demux = Callable[[], Iterator[Picture]]


def read_window(container: InputContainer, stream: VideoStream, wanted: Wanted, demux: Demux) -> Pictures | None:
    """The pictures around the wanted range, numbered by the grid; None when there is no reliable grid."""
    if wanted.end is None or "mp4" not in container.format.name:
        return None
    entries = [(e.timestamp, e.is_keyframe, e.is_discard) for e in stream.index_entries]
    if len(entries) < WORTH_IT or len(entries) != stream.frames:
        return None
    times = range(entries[0][0], entries[-1][0] + 1, max(1, entries[1][0] - entries[0][0]))
    hidden = sum(discard for _, _, discard in entries)
    if len(times) != len(entries) or any(time != entry[0] for time, entry in zip(times, entries, strict=True)):
        return None
    if not entries[0][1] or any(discard for _, _, discard in entries[_FIRST_SHOWN:]):
        return None
    origin = min((p.pts for p in islice(demux(), _FIRST_SHOWN) if p.number is not None), default=None)
    if origin is None:
        return None
    grid = range(origin, origin + (len(entries) - hidden) * times.step, times.step)
    keys = [index for index, entry in enumerate(entries) if entry[1]]
    return _around(container, stream, wanted, demux, grid, [times[index] for index in keys])


def _around(
    container: InputContainer, stream: VideoStream, wanted: Wanted, demux: Demux, grid: range, keys: list[int]
) -> Pictures | None:
    base = stream.time_base
    assert base is not None
    time_base = Fraction(base.numerator, base.denominator)
    bare = Pictures(coded=(), time_base=time_base, rate=1 / (grid.step * time_base), grid=grid, complete=False)
    assert wanted.end is not None
    first, last = wanted.start.resolve(bare), wanted.end.resolve(bare)
    if not 0 <= first < last <= len(grid):
        return bare
    margin = int(wanted.padding * bare.rate) + 2
    first, last = max(0, first - margin), min(len(grid), last + margin)
    before = [time for time in keys if time <= grid[first]]
    for back in _STEPS_BACK:
        container.seek(before[max(0, len(before) - back)] if before else keys[0], stream=stream, backward=True)
        coded = _numbered(demux(), grid, last)
        if coded is not None and _covers(coded, first, last):
            return replace(bare, coded=coded)
    return None


def _numbered(pictures: Iterator[Picture], grid: range, last: int) -> list[Picture] | None:
    """The pictures up to where nothing before frame `last` can follow; None when one is off the grid."""
    coded: list[Picture] = []
    passed = 0
    for picture in pictures:
        if picture.number is None:
            coded.append(picture)
            continue
        if picture.pts not in grid:
            return None
        number = grid.index(picture.pts)
        coded.append(replace(picture, number=number))
        passed += bool(picture.access) and number > last
        if passed == _SETTLED:
            break
    return coded


def _covers(coded: list[Picture], first: int, last: int) -> bool:
    """Whether decoding can start here, and each frame of the range is there once."""
    shown = sorted(p.number for p in coded if p.number is not None)
    inside = [number for number in shown if first <= number < last]
    starts = (
        bool(coded)
        and bool(coded[0].access)
        and any(p.access and p.number is not None and p.number <= first for p in coded)
    )
    return starts and inside == list(range(first, last))
