"""Where a source is damaged: the moments that did not decode, or were guessed, as a few stretches of time."""

from __future__ import annotations

from fractions import Fraction

_TOGETHER = 1  # seconds between two moments of one stretch
_NAMED = 5  # stretches in a note


class Damage:
    """Collects moments in the order in which they are read; what is kept is bounded by the source's length."""

    def __init__(self) -> None:
        self.stretches: list[tuple[Fraction, Fraction]] = []

    def add(self, at: Fraction) -> None:
        """Something is wrong at this time of the source, in seconds."""
        if self.stretches:
            first, last = self.stretches[-1]
            if first - _TOGETHER <= at <= last + _TOGETHER:
                self.stretches[-1] = min(first, at), max(last, at)
                return
        self.stretches.append((at, at))

    def note(self, origin: Fraction) -> str | None:
        """A sentence with the places, counted from `origin` of the source's time; None for a sound source."""
        if not self.stretches:
            return None
        shown = [_stretch(max(Fraction(0), first - origin), last - origin) for first, last in self.stretches[:_NAMED]]
        more = len(self.stretches) - len(shown)
        tail = f" and at {more} more places" if more else ""
        return f"Damage was passed over at {', '.join(shown)}{tail}."


def _stretch(first: Fraction, last: Fraction) -> str:
    begin, end = _clock(first), _clock(last)
    return begin if begin == end else f"{begin} to {end}"


def _clock(seconds: Fraction) -> str:
    tenths = int(max(Fraction(0), seconds) * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest // 10:02d}.{rest % 10}"
