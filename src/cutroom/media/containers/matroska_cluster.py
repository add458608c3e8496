"""The inside of a Matroska cluster: known elements, known tracks, times that move forward."""

from __future__ import annotations

from collections.abc import Iterator

from cutroom.media.containers.byte_file import ByteFile
from cutroom.media.containers.ebml import UNKNOWN_SIZE, Element, read_element, unsigned

TIMESTAMP, SIMPLE_BLOCK, BLOCK_GROUP, BLOCK = 0xE7, 0xA3, 0xA0, 0xA1
KNOWN = {TIMESTAMP, SIMPLE_BLOCK, BLOCK_GROUP, 0xA7, 0xAB, 0xAF, 0x5854, 0xEC, 0xBF}
_IN_GROUP = {BLOCK, 0xA2, 0x9B, 0xFA, 0xFB, 0xFD, 0xA4, 0x75A1, 0x75A2, 0x8E, 0xC8, 0xEC, 0xBF}
Problem = tuple[str, str, int]


class Clock:
    """Cluster and block times met so far."""

    def __init__(self) -> None:
        self.seen = False
        self.cluster = 0  # ticks
        self.last_seconds = 0.0


def note_time(data: bytes, clock: Clock, scale: int) -> None:
    """Move the clock to a cluster whose contents cannot be trusted, when its first element is a timestamp."""
    offset = 6 if data[:1] == b"\xbf" else 0
    element = read_element(data, offset)
    if element and element.id == TIMESTAMP and 0 < element.size <= 8:
        clock.seen = True
        clock.last_seconds = max(clock.last_seconds, unsigned(data[element.data : element.end]) * scale / 1e9)


def check(data: bytes, base: int, tracks: set[int], clock: Clock, scale: int) -> Iterator[Problem]:
    """Problems inside one cluster of known size, whose first byte of data is byte `base` of the file."""
    position, stamped = 0, False
    while position < len(data):
        element = read_element(data, position)
        if element is None or element.size == UNKNOWN_SIZE or element.id not in KNOWN:
            yield "matroska.bad-element", f"No valid element stands at byte {base + position}.", base + position
            return
        if element.end > len(data):
            yield "matroska.bad-element", f"The block at byte {base + position} overruns its cluster.", base + position
            return
        if element.id == TIMESTAMP:
            if element.size > 8:
                yield "matroska.bad-element", f"The timestamp at byte {base + position} is damaged.", base + position
                return
            stamp = unsigned(data[element.data : element.end])
            if clock.seen and stamp < clock.cluster:
                yield "matroska.time-goes-back", f"Cluster times go back at byte {base + position}.", base + position
            clock.seen = stamped = True
            clock.cluster = stamp
        elif element.id == SIMPLE_BLOCK:
            yield from _block(data, element.data, element.end, base, tracks, clock, scale)
        elif element.id == BLOCK_GROUP:
            yield from _group(data, element, base, tracks, clock, scale)
        position = element.end
    if not stamped and data:
        yield "matroska.bad-element", f"The cluster at byte {base} has no timestamp.", base


def _group(data: bytes, group: Element, base: int, tracks: set[int], clock: Clock, scale: int) -> Iterator[Problem]:
    position = group.data
    while position < group.end:
        element = read_element(data, position)
        if element is None or element.id not in _IN_GROUP or element.size < 0 or element.end > group.end:
            yield "matroska.bad-element", f"The block group at byte {base + group.start} is damaged.", base + position
            return
        if element.id == BLOCK:
            yield from _block(data, element.data, element.end, base, tracks, clock, scale)
        position = element.end


def _block(
    data: bytes, start: int, end: int, base: int, tracks: set[int], clock: Clock, scale: int
) -> Iterator[Problem]:
    """The head of a block: track number, relative time, flags."""
    if start >= end or not data[start]:
        yield "matroska.bad-element", f"The block at byte {base + start} is damaged.", base + start
        return
    width = 9 - data[start].bit_length()
    track = int.from_bytes(data[start : start + width], "big") & ((1 << 7 * width) - 1)
    if tracks and track not in tracks:
        yield "matroska.unknown-track", f"The block at byte {base + start} belongs to no track.", base + start
        return
    relative = int.from_bytes(data[start + width : start + width + 2], "big", signed=True)
    clock.last_seconds = max(clock.last_seconds, (clock.cluster + relative) * scale / 1e9)


def one(file: ByteFile, element: Element, clock: Clock, scale: int) -> None:
    """Follow the clock through a child of a cluster of unknown size."""
    if element.id == TIMESTAMP and element.size <= 8:
        clock.seen = True
        clock.cluster = unsigned(file.read(element.data, element.size))
    elif element.id == SIMPLE_BLOCK:
        head = file.read(element.data, 12)
        for _ in _block(head, 0, len(head), element.data, set(), clock, scale):
            return
