"""How a picture is turned: the display matrix of a source, as the filters that apply it."""

from __future__ import annotations

import struct
from math import atan2, pi

import msgspec
from av.buffer import Buffer
from av.video.frame import VideoFrame


class Orientation(msgspec.Struct, frozen=True, kw_only=True):
    """Quarter turns clockwise, after a mirroring left to right."""

    quarter_turns: int = 0
    mirrored: bool = False

    @property
    def degrees(self) -> int:
        """The quarter turns in degrees clockwise."""
        return 90 * self.quarter_turns

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        """libavfilter names and arguments that turn a picture as it is meant to be seen."""
        mirror = (("hflip", ""),) if self.mirrored else ()
        turn: tuple[tuple[str, str], ...] = ()
        if self.quarter_turns == 1:
            turn = (("transpose", "clock"),)
        elif self.quarter_turns == 2:
            turn = (("hflip", ""), ("vflip", ""))
        elif self.quarter_turns == 3:
            turn = (("transpose", "cclock"),)
        return mirror + turn


def orientation_of(frame: VideoFrame) -> Orientation:
    """The orientation that a frame's display matrix asks for; turns between the quarters are rounded."""
    found = frame.side_data.get("DISPLAYMATRIX")
    data = bytes(found) if isinstance(found, Buffer) else b""
    return from_matrix(struct.unpack("=9i", data[:36])) if len(data) >= 36 else Orientation()


def from_matrix(matrix: tuple[int, ...]) -> Orientation:
    """Of nine fixed-point numbers: a source point (x, y) is shown at (a·x + c·y, b·x + d·y), y pointing down."""
    a, b, _, c, d = matrix[:5]
    if a * d - b * c == 0:
        return Orientation()
    mirrored = a * d - b * c < 0
    if mirrored:  # undo the mirroring first: columns of x change sign
        a, b = -a, -b
    return Orientation(quarter_turns=round(atan2(b, a) / (pi / 2)) % 4, mirrored=mirrored)
