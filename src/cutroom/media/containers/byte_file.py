"""Bounded random reads from an open regular file."""

from __future__ import annotations

import os
from collections.abc import Iterator

BLOCK = 1 << 20
_AHEAD = 1 << 15


class ByteFile:
    """A file of known size; reads past its end come back short, never raise for that."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._ahead, self._ahead_at = b"", 0  # headers are read a few bytes at a time, mostly in order
        self.size = os.fstat(descriptor).st_size

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer at the end of the file."""
        length = min(length, self.size - offset)
        if offset < 0 or length <= 0:
            return b""
        if length > _AHEAD // 4:
            return self._pread(offset, length)
        start = offset - self._ahead_at
        if start < 0 or start + length > len(self._ahead):
            self._ahead, self._ahead_at, start = self._pread(offset, _AHEAD), offset, 0
        return self._ahead[start : start + length]

    def _pread(self, offset: int, length: int) -> bytes:
        data = os.pread(self._descriptor, length, offset)
        while len(data) < length and (more := os.pread(self._descriptor, length - len(data), offset + len(data))):
            data += more
        return data

    def blocks(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes of [start, end) in pieces of at most a mebibyte."""
        while start < min(end, self.size):
            block = self.read(start, min(BLOCK, end - start))
            if not block:
                return
            yield block
            start += len(block)

    def zero_until_end(self, start: int) -> bool:
        """Whether every byte from `start` to the end of the file is zero (only the first 16 MiB are looked at)."""
        return all(block.count(0) == len(block) for block in self.blocks(start, start + 16 * BLOCK))
