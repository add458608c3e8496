"""Back-off after failed sign-ins, held in the memory of each server process.

Three counts are kept for a failure, so that one guesser is slowed early, a network of them late, and nobody can lock
a colleague out for long by failing on purpose in their name.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from cutroom.accounts.errors import TooManyAttempts
from cutroom.accounts.models import Visit

_MOST_KEYS = 20_000


class Throttle:
    """After the free failures of a key, the wait doubles from one second up to the key's limit."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()  # key → count, when

    def check(self, visit: Visit, name: str) -> None:
        """Raise `TooManyAttempts` while the wait of any of the keys lasts."""
        now = self._clock()
        waits = [self._wait(key, free, longest, now) for key, free, longest in _keys(visit, name)]
        if max(waits) > 0:
            raise TooManyAttempts(math.ceil(max(waits)))

    def failed(self, visit: Visit, name: str) -> None:
        """Count a failure."""
        now = self._clock()
        for key, _, longest in _keys(visit, name):
            count, when = self._failures.pop(key, (0, now))
            # A quiet spell of twice the longest wait forgives what came before.
            self._failures[key] = (1 if now - when > 2 * longest else count + 1, now)
        while len(self._failures) > _MOST_KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, visit: Visit, name: str) -> None:
        """Forget the failures of this name from this place."""
        self._failures.pop(_keys(visit, name)[0][0], None)

    def _wait(self, key: str, free: int, longest: float, now: float) -> float:
        count, when = self._failures.get(key, (0, now))
        if count < free:
            return 0.0
        return float(min(longest, 2.0 ** min(count - free, 20))) - (now - when)


def _keys(visit: Visit, name: str) -> list[tuple[str, int, float]]:
    """Key, free failures and the longest wait in seconds."""
    remote = visit.remote or "unknown"
    return [(f"pair:{remote}:{name}", 5, 900.0), (f"remote:{remote}", 30, 900.0), (f"name:{name}", 60, 60.0)]
