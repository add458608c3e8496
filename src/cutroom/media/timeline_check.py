"""Pictures missing from an even rhythm while the sound goes on: what a lost packet or group leaves behind."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_FEWEST = 24  # pictures below which no rhythm is told
_MOST_HOLES = 3  # more of them are a recorder's way of leaving out what did not change
_SILENT_SECONDS = 1.0  # a longer hole without any sound beside it may be a pause
_COVERED = 0.5  # share of the sound that must be there during a hole


class Hole(NamedTuple):
    """A stretch without pictures, in ticks of the stream, and how many are missing."""

    start: int
    end: int
    missing: int


def holes(times: Sequence[int] | array[int]) -> list[Hole]:
    """The holes of a stream of one rhythm, from its presentation times; none where the rhythm is uneven.

    A step is part of the rhythm when it is the usual one within a tick (or 2 %), a hole when it is a whole multiple of
    it. Any other step, or more than three holes, means a variable rate, about which nothing is said.
    """
    ordered: NDArray[np.int64] = np.unique(np.asarray(times, np.int64))
    if len(ordered) < _FEWEST or len(ordered) != len(times):
        return []
    steps = np.diff(ordered)
    usual = float(np.median(steps))
    if usual < 2:
        return []
    even = np.abs(steps - usual) <= max(1.0, 0.02 * usual)
    odd = np.flatnonzero(~even)
    if not 0 < len(odd) <= _MOST_HOLES:
        return []
    usual = float(steps[even].mean())
    found = []
    for at in odd:
        count = round(steps[at] / usual)
        if count < 2 or abs(steps[at] - count * usual) > max(1.5, 0.05 * usual):
            return []
        found.append(Hole(int(ordered[at]), int(ordered[at + 1]), count - 1))
    return found


def lost(hole: Hole, tick: float, sounds: Sequence[tuple[float, Sequence[int] | array[int]]]) -> bool:
    """Whether a hole is a loss and no pause: sound goes on beside it, or there is none and the hole is short.

    `tick` is the picture's, in seconds; `sounds` holds seconds a tick and packet times of each stream of sound.
    """
    start, end = hole.start * tick, hole.end * tick
    if not sounds:
        return end - start <= _SILENT_SECONDS
    return any(_covers(seconds, times, start, end) for seconds, times in sounds)


def _covers(tick: float, times: Sequence[int] | array[int], start: float, end: float) -> bool:
    at = np.sort(np.asarray(times, np.int64)) * tick
    if len(at) < 2 or at[0] > start or at[-1] < end:
        return False
    usual = float(np.median(np.diff(at)))
    inside = int(((at > start) & (at < end)).sum())
    return usual > 0 and (inside + 1) * usual >= _COVERED * (end - start)
