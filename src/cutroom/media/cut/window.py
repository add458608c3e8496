"""Reading only the part of a long file that a cut needs, where its own index says enough to number the frames.

That is an MP4 or MOV: its sample table lists every picture with its time, so a picture's time gives its number. The
table is believed as far as the packets that are read bear it out; otherwise the caller reads the whole file instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice

import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from cutroom.media.cut.composition import SampleTimes
from cutroom.media.cut.pictures import Picture, Pictures, Wanted

_LOOKED_AT = 64  # pictures at the start that must agree with the table
_STEPS_BACK = (2, 12)  # key pictures before the range to start at; not every one may be decoded from
_SETTLED = 2

Demux = Callable[[], Iterator[Picture]]
Times = Callable[[int], SampleTimes | None]


def read_window(
    container: InputContainer, stream: VideoStream, wanted: Wanted, demux: Demux, sampled: Times, rate: Fraction
) -> Pictures | None:
    """The pictures around the wanted range, numbered by the table; None when there is none to rely on."""
    entries = stream.index_entries
    count = len(entries)
    if count != stream.frames:
        return None
    table = [(e.timestamp, e.is_keyframe, e.is_discard) for e in entries]
    samples = sampled(count)
    head = list(islice(demux(), _LOOKED_AT))
    if samples is None or not head or not head[0].access or not table[0][1]:
        return None
    times = np.fromiter((entry[0] for entry in table), np.int64, count) + samples.offsets
    times += head[0].pts - times[0]
    if any(picture.pts != time for picture, time in zip(head, times.tolist(), strict=False)):
        return None
    seen = np.sort(times[~np.fromiter((entry[2] for entry in table), bool, count)])
    if not len(seen) or (np.diff(seen) <= 0).any():
        return None
    keys = [(table[index][0], int(times[index])) for index in range(count) if table[index][1]]
    bare = Pictures(
        coded=(),
        time_base=_time_base(stream),
        rate=rate,
        table=_starts(seen),
        table_end=int(seen[-1] + samples.lengths[int(np.flatnonzero(times == seen[-1])[0])]),
        complete=False,
    )
    return _around(container, stream, wanted, demux, bare, keys)


def _time_base(stream: VideoStream) -> Fraction:
    base = stream.time_base
    assert base is not None
    return Fraction(base.numerator, base.denominator)


def _starts(seen: NDArray[np.int64]) -> Sequence[int]:
    """Starts of all frames; a range where all are as long as each other."""
    first, last = int(seen[0]), int(seen[-1])
    step = int(seen[1]) - first if len(seen) > 1 else 1
    even = range(first, last + step, step)
    if len(even) == len(seen) and (np.diff(seen) == step).all():
        return even
    return tuple(seen.tolist())


def _around(
    container: InputContainer,
    stream: VideoStream,
    wanted: Wanted,
    demux: Demux,
    bare: Pictures,
    keys: list[tuple[int, int]],
) -> Pictures | None:
    assert wanted.end is not None
    first, last = wanted.start.resolve(bare), wanted.end.resolve(bare)
    if not 0 <= first < last <= bare.count:
        return bare
    first = max(0, bare.nearest(bare.seconds(first) - bare.seconds(0) - wanted.padding) - 2)
    last = min(bare.count, bare.nearest(bare.seconds(last) - bare.seconds(0) + wanted.padding) + 2)
    before = [decoded for decoded, shown in keys if shown <= bare.starts[first]]
    for back in _STEPS_BACK:
        container.seek(before[max(0, len(before) - back)] if before else keys[0][0], stream=stream, backward=True)
        coded = _numbered(demux(), bare, last)
        if coded is not None and _covers(coded, first, last):
            return replace(bare, coded=coded)
    return None


def _numbered(pictures: Iterator[Picture], bare: Pictures, last: int) -> list[Picture] | None:
    """The pictures up to where nothing before frame `last` can follow; None when one is not in the table."""
    coded: list[Picture] = []
    passed = 0
    for picture in pictures:
        if picture.number is None:
            coded.append(picture)
            continue
        number = bare.at(picture.pts)
        if number is None:
            return None
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
