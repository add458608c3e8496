"""Where a source is damaged: moments that did not decode or were guessed, and holes, as a few stretches of time."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import Any

from av.packet import Packet

_TOGETHER = 1  # seconds between two moments of one stretch
_NAMED = 5  # stretches in a note
_HOLE = Fraction(1, 2)  # seconds
_NEW_RECORDING = 600  # seconds: a larger jump is another clock
_PICTURES = 1024  # that are remembered


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

    def stretch(self, first: Fraction, last: Fraction) -> None:
        """Nothing is there between these two times of the source, in seconds."""
        self.add(first)
        begin, end = self.stretches[-1]
        self.stretches[-1] = begin, max(end, last)

    def note(self, origin: Fraction) -> str | None:
        """A sentence with the places, counted from `origin` of the source's time; None for a sound source."""
        if not self.stretches:
            return None
        shown = [_stretch(max(Fraction(0), first - origin), last - origin) for first, last in self.stretches[:_NAMED]]
        more = len(self.stretches) - len(shown)
        tail = f" and at {more} more places" if more else ""
        return f"Damage was passed over at {', '.join(shown)}{tail}."


class Holes:
    """Notices where neither sound nor picture is there: some demuxers pass over damage and say nothing.

    A hole in one of them alone may be meant: a still of variable rate, a silence that was never written.
    """

    def __init__(self, damage: Damage) -> None:
        self._damage = damage
        self._pictures: deque[Fraction] = deque(maxlen=_PICTURES)
        self._heard: dict[int, Fraction] = {}  # where the sound of each track ends so far

    def picture(self, packet: Packet[Any]) -> None:
        """A packet of the picture was read."""
        if packet.pts is not None:
            self._pictures.append(packet.pts * packet.time_base)

    def sound(self, packet: Packet[Any]) -> None:
        """A packet of a sound track was read."""
        if packet.pts is None:
            return
        at = packet.pts * packet.time_base
        before = self._heard.get(packet.stream_index)
        self._heard[packet.stream_index] = at + (packet.duration or 0) * packet.time_base
        if before is None or not _HOLE < at - before < _NEW_RECORDING:
            return
        edge = (at - before) / 8  # tracks are not cut off together
        if self._pictures and not any(before + edge < time < at - edge for time in self._pictures):
            self._damage.stretch(before, at)


def _stretch(first: Fraction, last: Fraction) -> str:
    begin, end = _clock(first), _clock(last)
    return begin if begin == end else f"{begin} to {end}"


def _clock(seconds: Fraction) -> str:
    tenths = int(max(Fraction(0), seconds) * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest // 10:02d}.{rest % 10}"
