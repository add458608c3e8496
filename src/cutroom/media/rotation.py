"""How a stored picture is to be turned and mirrored, read from the container without decoding a frame.

PyAV shows the display matrix on decoded frames only, so the two containers that carry one are read here.
"""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path

from av.container import InputContainer
from av.video.stream import VideoStream

from cutroom.media.ladder.orientation import Orientation, from_matrix
from cutroom.media.mov_boxes import track_box
from cutroom.media.regular import open_regular

_HEADER_BYTES = 1 << 16
_PROJECTION = b"\x76\x70"  # Matroska element ids
_POSE_YAW, _POSE_ROLL = b"\x76\x73", b"\x76\x75"


def read_orientation(path: Path, container: InputContainer, stream: VideoStream) -> Orientation:
    """The quarter turns, and the mirroring before them, that show the stored picture as it is meant."""
    name = container.format.name
    if name.startswith("mov"):
        with open_regular(path) as file:
            return _mov_orientation(file.fileno(), stream.id)
    if name.startswith("matroska"):
        with open_regular(path) as file:
            return _matroska_orientation(os.pread(file.fileno(), _HEADER_BYTES, 0))
    return Orientation()


def _mov_orientation(descriptor: int, track: int) -> Orientation:
    place = track_box(descriptor, track, b"tkhd")
    data = os.pread(descriptor, 100, place[0]) if place is not None else b""
    at = 52 if data[:1] == b"\x01" else 40
    return from_matrix(struct.unpack_from(">9i", data, at)) if len(data) >= at + 36 else Orientation()


def _matroska_orientation(head: bytes) -> Orientation:
    """The pose of the projection that muxers write for a display matrix: roll counts anticlockwise, yaw 180 mirrors."""
    at = head.find(_PROJECTION)
    roll, yaw = _angle(head, at, _POSE_ROLL), _angle(head, at, _POSE_YAW)
    return Orientation(quarter_turns=round(-roll / 90) % 4, mirrored=abs(yaw) == 180)


def _angle(head: bytes, projection: int, name: bytes) -> float:
    at = head.find(name, projection, projection + 200) if projection >= 0 else -1
    form = {0x84: ">f", 0x88: ">d"}.get(head[at + 2] if 0 <= at < len(head) - 2 else 0)
    if form is None or at + 3 + struct.calcsize(form) > len(head):
        return 0.0
    (angle,) = struct.unpack_from(form, head, at + 3)
    return float(angle) if math.isfinite(angle) else 0.0
