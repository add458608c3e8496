"""WAV written forwards: its header says beforehand how much follows, and that much follows."""

from __future__ import annotations

import struct
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

_PCM = UUID("00000001-0000-0010-8000-00aa00389b71").bytes_le
_MASKS = {1: 0x4, 2: 0x3, 3: 0x7, 4: 0x33, 5: 0x37, 6: 0x3F, 7: 0x13F, 8: 0x63F}
"""Speakers by number of channels, where the layout is the usual one."""
_LARGEST = (1 << 32) - 4096  # bytes; beyond, sizes stand in a chunk of 64-bit numbers (EBU Tech 3306, RF64)


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> int | None:
        """Take all of it."""


class WavWriter:
    """Writes `frames` samples a channel, no more and no fewer: what is missing at the end becomes silence."""

    def __init__(self, sink: Sink, *, rate: int, channels: int, bits: int, frames: int) -> None:
        """`bits` is 16 or 24."""
        self._sink = sink
        self._bits, self._channels = bits, channels
        self._left = frames
        sink.write(_header(rate, channels, bits, frames))

    def write(self, samples: NDArray[np.int16] | NDArray[np.int32]) -> None:
        """Write samples, shape (samples, channels): 16 bits, or 24 in the upper part of 32."""
        samples = samples[: self._left]
        self._left -= len(samples)
        if self._bits == 16:
            self._sink.write(samples.astype("<i2").tobytes())
        else:
            words = np.ascontiguousarray(samples.astype("<i4")).view(np.uint8).reshape(-1, 4)
            self._sink.write(words[:, 1:].tobytes())

    def close(self) -> None:
        """Fill what was promised."""
        block = np.zeros((1 << 14, self._channels), np.int16 if self._bits == 16 else np.int32)
        while self._left:
            self.write(block)


def _header(rate: int, channels: int, bits: int, frames: int) -> bytes:
    align = channels * bits // 8
    size = frames * align
    plain = channels <= 2 and bits == 16
    form = struct.pack("<HHIIHH", 1 if plain else 0xFFFE, channels, rate, rate * align, align, bits)
    if not plain:
        form += struct.pack("<HHI", 22, bits, _MASKS.get(channels, 0)) + _PCM
    described = struct.pack("<4sI", b"fmt ", len(form)) + form
    if size <= _LARGEST:
        return struct.pack("<4sI4s", b"RIFF", 12 + len(described) + size, b"WAVE") + described + _data(size)
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, 48 + len(described) + size, size, frames, 0)
    return struct.pack("<4sI4s", b"RF64", 0xFFFFFFFF, b"WAVE") + sizes + described + _data(0xFFFFFFFF)


def _data(size: int) -> bytes:
    return struct.pack("<4sI", b"data", size)
