"""Box headers of ISO base media files, for the structure check."""

from __future__ import annotations

import struct
from typing import NamedTuple


class Box(NamedTuple):
    """One box: its type, where it starts, the length of its header, and its whole length, in bytes."""

    type: bytes
    start: int
    header: int
    size: int

    @property
    def end(self) -> int:
        """The offset behind the box."""
        return self.start + self.size


class Extent(NamedTuple):
    """A range of bytes [start, end)."""

    start: int
    end: int


def read_box(head: bytes, position: int, left: int, base: int = 0) -> Box | None:
    """The box whose header is at `position` of `head`; `left` bytes follow from there; `base` is added to its start."""
    if len(head) - position < 8:
        return None
    size, kind = struct.unpack_from(">I4s", head, position)
    header = 8
    if size == 1:
        if len(head) - position < 16:
            return None
        (size,) = struct.unpack_from(">Q", head, position + 8)
        header = 16
    elif size == 0:
        if kind == b"\0\0\0\0":
            return None
        size = left
    return Box(kind, base + position, header, size) if size >= header else None


def children(data: bytes, start: int, end: int) -> tuple[list[Box], int | None]:
    """The boxes that tile data[start:end], and where that fails, if it does.

    Fewer than eight bytes left, or a closing zero of QuickTime, are no failure.
    """
    found: list[Box] = []
    while end - start >= 8:
        box = read_box(data, start, end - start)
        if box is None or box.end > end:
            return found, None if not any(data[start:end]) else start
        found.append(box)
        start = box.end
    return found, None


def first(boxes: list[Box], kind: bytes) -> Box | None:
    """The first box of this type."""
    return next((box for box in boxes if box.type == kind), None)
