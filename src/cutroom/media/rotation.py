"""How far a stored picture is to be turned, read from the container without decoding a frame.

PyAV shows the display matrix on decoded frames only, so the two containers that carry one are read here.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from pathlib import Path

from av.container import InputContainer
from av.video.stream import VideoStream

from cutroom.media.source import open_regular

_MOST_BOXES = 10_000
_HEADER_BYTES = 1 << 16
_PROJECTION, _POSE_ROLL = b"\x76\x70", b"\x76\x75"  # Matroska element ids


def read_rotation(path: Path, container: InputContainer, stream: VideoStream) -> int:
    """Degrees clockwise that the stored picture is turned to be shown upright: 0, 90, 180 or 270."""
    name = container.format.name
    if name.startswith("mov"):
        with open_regular(path) as file:
            return _mov_rotation(file.fileno(), stream.id)
    if name.startswith("matroska"):
        with open_regular(path) as file:
            return _matroska_rotation(os.pread(file.fileno(), _HEADER_BYTES, 0))
    return 0


def _mov_rotation(descriptor: int, track: int) -> int:
    size = os.fstat(descriptor).st_size
    for kind, start, end in _boxes(descriptor, 0, size):
        if kind != b"moov":
            continue
        for child, inside, until in _boxes(descriptor, start, end):
            if child == b"trak":
                header = next((part for part in _boxes(descriptor, inside, until) if part[0] == b"tkhd"), None)
                found = _track_header(os.pread(descriptor, 100, header[1])) if header is not None else None
                if found is not None and found[0] == track:
                    return found[1]
        return 0
    return 0


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


def _track_header(data: bytes) -> tuple[int, int] | None:
    """A track's id and its rotation, from the payload of `tkhd`."""
    wide = len(data) > 0 and data[0] == 1
    number, matrix = (20, 52) if wide else (12, 40)
    if len(data) < matrix + 36:
        return None
    (track,) = struct.unpack_from(">I", data, number)
    a, b = struct.unpack_from(">ii", data, matrix)
    return track, _quarter(math.degrees(math.atan2(b, a)))


def _matroska_rotation(head: bytes) -> int:
    """The roll of the projection that muxers write for a display matrix; it counts anticlockwise."""
    at = head.find(_PROJECTION)
    at = head.find(_POSE_ROLL, at, at + 200) if at >= 0 else -1
    if at < 0:
        return 0
    form = {0x84: ">f", 0x88: ">d"}.get(head[at + 2] if at + 2 < len(head) else 0)
    if form is None or at + 3 + struct.calcsize(form) > len(head):
        return 0
    (roll,) = struct.unpack_from(form, head, at + 3)
    return _quarter(-roll) if math.isfinite(roll) else 0


def _quarter(degrees: float) -> int:
    return round(degrees / 90) % 4 * 90
