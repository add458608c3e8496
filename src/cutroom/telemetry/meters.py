"""Counters and timings of one process, cheap enough for every request.

prometheus-client's own timings cost fourteen times as much where several processes write them (a lock, a label lookup
and a mapped file for each); these are an addition to a list. `monitoring` adds up the processes and speaks Prometheus.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

import msgspec

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of a timing's buckets in seconds; a last one takes the rest."""

Labels = tuple[tuple[str, str], ...]


class Timing:
    """How long something took, of one set of labels."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0

    def took(self, seconds: float) -> None:
        """Count one."""
        self.buckets[bisect_left(BUCKETS, seconds)] += 1
        self.seconds += seconds


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """One number as it is now."""

    name: str
    labels: Labels
    value: float
    grows: bool = True  # only ever upwards, until its process ends


class Timed(msgspec.Struct, frozen=True, array_like=True):
    """One timing as it is now."""

    name: str
    labels: Labels
    buckets: list[int]
    seconds: float


class Sheet(msgspec.Struct, frozen=True):
    """All numbers of one process at one moment."""

    samples: list[Sample]
    timings: list[Timed]


class Meters:
    """All numbers of this process. Names are Prometheus' (`cutroom_…`), without `_total` and the like."""

    def __init__(self) -> None:
        self._timings: dict[tuple[str, Labels], Timing] = {}
        self._counts: dict[tuple[str, Labels], float] = {}
        self._probes: list[Callable[[], list[Sample]]] = []

    def timing(self, name: str, labels: Labels = ()) -> Timing:
        """The timing of these labels; hold on to it where it is hot."""
        found = self._timings.get((name, labels))
        if found is None:
            found = self._timings[name, labels] = Timing()
        return found

    def count(self, name: str, labels: Labels = (), amount: float = 1) -> None:
        """Add to a counter."""
        self._counts[name, labels] = self._counts.get((name, labels), 0) + amount

    def probe(self, look: Callable[[], list[Sample]]) -> None:
        """Ask `look` for its numbers whenever a sheet is made."""
        self._probes.append(look)

    def sheet(self) -> Sheet:
        """Everything as it is now."""
        samples = [Sample(name, labels, value) for (name, labels), value in self._counts.items()]
        for look in self._probes:
            samples += look()
        timings = [Timed(name, labels, list(one.buckets), one.seconds) for (name, labels), one in self._timings.items()]
        return Sheet(samples=samples, timings=timings)
