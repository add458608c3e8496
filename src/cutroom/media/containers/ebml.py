"""EBML element headers, the grammar under Matroska and WebM."""

from __future__ import annotations

from typing import NamedTuple

UNKNOWN_SIZE = -1


class Element(NamedTuple):
    """One element: its id, where it starts, where its data starts, and the length of its data (-1: unknown)."""

    id: int
    start: int
    data: int
    size: int

    @property
    def end(self) -> int:
        """The offset behind the element; meaningless when the size is unknown."""
        return self.data + self.size


def read_element(buffer: bytes, position: int, base: int = 0) -> Element | None:
    """The element header at `position` of `buffer` (whose first byte is byte `base` of the file), or None."""
    if position >= len(buffer) or not buffer[position]:
        return None
    id_width = 9 - buffer[position].bit_length()
    if id_width > 4 or position + id_width >= len(buffer):
        return None
    first = buffer[position + id_width]
    if not first:
        return None
    width = 9 - first.bit_length()
    data = position + id_width + width
    if data > len(buffer):
        return None
    identifier = int.from_bytes(buffer[position : position + id_width], "big")
    size = int.from_bytes(buffer[position + id_width : data], "big") & ((1 << 7 * width) - 1)
    if size == (1 << 7 * width) - 1:
        size = UNKNOWN_SIZE
    return Element(identifier, base + position, base + data, size)


def children(data: bytes, base: int = 0) -> tuple[list[Element], int | None]:
    """The elements that tile `data`, and the offset (from `base`) where that fails, if it does."""
    found: list[Element] = []
    position = 0
    while position < len(data):
        element = read_element(data, position, base)
        if element is None or element.size == UNKNOWN_SIZE or element.end - base > len(data):
            return found, base + position
        found.append(element)
        position = element.end - base
    return found, None


def unsigned(data: bytes) -> int:
    """An EBML unsigned integer."""
    return int.from_bytes(data, "big")
