"""Finding a box of an MP4 or MOV file on disk, a few bytes at a time."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

_MOST_BOXES = 10_000


def track_box(descriptor: int, track: int, *path: bytes) -> tuple[int, int] | None:
    """Where the payload of a box inside `moov/trak` of this track id begins and ends, in bytes of the file."""
    for _, start, end in (box for box in _boxes(descriptor, 0, os.fstat(descriptor).st_size) if box[0] == b"moov"):
        for kind, inside, until in _boxes(descriptor, start, end):
            if kind == b"trak" and _track_id(descriptor, inside, until) == track:
                return _descend(descriptor, (inside, until), path)
        return None
    return None


def _descend(descriptor: int, place: tuple[int, int], path: tuple[bytes, ...]) -> tuple[int, int] | None:
    for name in path:
        found = next(((start, end) for kind, start, end in _boxes(descriptor, *place) if kind == name), None)
        if found is None:
            return None
        place = found
    return place


def _track_id(descriptor: int, start: int, end: int) -> int | None:
    header = next((part for part in _boxes(descriptor, start, end) if part[0] == b"tkhd"), None)
    data = os.pread(descriptor, 24, header[1]) if header is not None else b""
    at = 20 if data[:1] == b"\x01" else 12
    return int(struct.unpack_from(">I", data, at)[0]) if len(data) >= at + 4 else None


def _boxes(descriptor: int, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start of the payload and end of each box between two offsets of the file."""
    for _ in range(_MOST_BOXES):
        head = os.pread(descriptor, 16, start)
        if start + 8 > end or len(head) < 8:
            return
        size, kind = struct.unpack_from(">I4s", head)
        payload = start + 8
        if size == 1 and len(head) == 16:
            (size,) = struct.unpack_from(">Q", head, 8)
            payload = start + 16
        elif size == 0:
            size = end - start
        if size < payload - start:
            return
        yield kind, payload, min(start + size, end)
        start += size
