"""How far an attempt has come, never going back, and how fast it went lately."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 30.0
"""What counts as lately: long enough to even out easy and hard scenes."""
_LEAST_SECONDS = 2.0
_SAMPLE_SECONDS = 0.25


class Pace:
    """Takes the fractions that the work reports."""

    def __init__(self, fraction: float = 0.0, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`fraction` was reached before this attempt began."""
        self.fraction = fraction
        self._clock = clock
        self._seen = deque([(clock(), fraction)])

    def reach(self, fraction: float) -> None:
        """The work says that it has come so far, 0 to 1; one that says less than before is not believed."""
        self.fraction = max(self.fraction, min(fraction, 1.0))
        now = self._clock()
        if now - self._seen[-1][0] >= _SAMPLE_SECONDS:
            self._seen.append((now, self.fraction))
        while len(self._seen) > 2 and now - self._seen[1][0] >= WINDOW_SECONDS:
            self._seen.popleft()

    @property
    def speed(self) -> float | None:
        """Fraction a second over the last half minute, standing still included; None for too short a time."""
        began, fraction = self._seen[0]
        seconds = self._clock() - began
        return None if seconds < _LEAST_SECONDS else (self.fraction - fraction) / seconds
