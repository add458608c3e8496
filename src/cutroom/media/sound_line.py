"""Decoded sound laid on a line that begins at one exact sample: what is early is dropped, gaps become silence."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

_TOLERANCE = Fraction(15, 1000)  # seconds a time stamp may be off before it is believed
_JUMP_SECONDS = 1  # a step back beyond this is a new recording behind the old one
_LONGEST_SILENCE = 6 * 3600  # seconds; a larger gap is a broken time stamp
_BLOCK = 1 << 15  # samples of silence at once

Samples = NDArray[Any]  # (samples, channels), interleaved


class SoundLine:
    """Takes frames in order and gives arrays of samples without a gap, from sample 0 on."""

    def __init__(self, *, rate: int, layout: str, sample_format: str, origin: Fraction) -> None:
        """`sample_format` is packed ("s16", "s32"); `origin` is the frames' time, in seconds, of sample 0."""
        self.rate = rate
        self.position = 0  # samples given, and silence owed before the first one
        self._begun = False
        self._layout, self._format = layout, sample_format
        self._channels = 0
        self._origin = origin
        self._shift = 0
        self._drop = 0
        self._resampler = self._new_resampler()
        self._input: tuple[str, str, int] | None = None

    def feed(self, frame: AudioFrame) -> Iterator[Samples]:
        """What a frame adds to the line."""
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._input is not None and shape != self._input:
            self._resampler = self._new_resampler()
        self._input = shape
        at = None
        if frame.pts is not None and frame.time_base:
            at = round((frame.pts * frame.time_base - self._origin) * self.rate)
        parts = [self._array(part) for part in self._resampler.resample(frame)]
        if at is not None and parts:
            yield from self._align(at)
        for part in parts:
            yield from self._append(part)

    def finish(self, end: int | None) -> Iterator[Samples]:
        """What the resampler still holds, then silence up to sample `end`."""
        if self._input is not None:
            for part in self._resampler.resample(None):
                yield from self._append(self._array(part))
        if end is not None and self._channels:
            yield from self._silence(end)

    def _new_resampler(self) -> AudioResampler:
        return AudioResampler(format=self._format, layout=self._layout, rate=self.rate)

    def _array(self, part: AudioFrame) -> Samples:
        self._channels = part.layout.nb_channels
        return np.asarray(part.to_ndarray()).reshape(-1, self._channels)

    def _align(self, at: int) -> Iterator[Samples]:
        """Bring the line to sample `at`, as far as the stamp is to be believed."""
        at += self._shift
        off = at - self.position
        if not self._begun:
            self._begun = True
            self._drop = max(0, -at)
            yield from self._silence(at)
        elif abs(off - self._drop) <= _TOLERANCE * self.rate or self._drop:
            return
        elif off > 0:
            yield from self._silence(at if off <= _LONGEST_SILENCE * self.rate else self.position)
        elif -off <= _JUMP_SECONDS * self.rate:
            self._drop = -off
        else:
            self._shift -= off

    def _append(self, part: Samples) -> Iterator[Samples]:
        cut = min(self._drop, len(part))
        self._drop -= cut
        if cut < len(part):
            self.position += len(part) - cut
            yield part[cut:]

    def _silence(self, until: int) -> Iterator[Samples]:
        while self.position < until:
            count = min(_BLOCK, until - self.position)
            self.position += count
            yield np.zeros((count, self._channels), np.int16 if self._format == "s16" else np.int32)
