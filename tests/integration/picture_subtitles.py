"""Subtitles that are pictures: a PGS stream written by hand, which FFmpeg can turn into DVB's."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

_WIDTH, _HEIGHT = 64, 16
_PALETTE, _WINDOW, _OBJECT, _SHOW, _END = 0x14, 0x17, 0x15, 0x16, 0x80


def write_pgs(path: Path, shown: Sequence[tuple[float, float]], *, width: int, height: int) -> None:
    """A white bar at the bottom of a picture of this size, from and to each pair of seconds."""
    changes = [(0.0, False), *((at, on) for pair in shown for at, on in zip(pair, (True, False), strict=True))]
    path.write_bytes(b"".join(_set(at, on, width, height) for at, on in changes))


def _set(seconds: float, on: bool, width: int, height: int) -> bytes:
    x, y = (width - _WIDTH) // 2, height - _HEIGHT
    state = struct.pack(">HHBHBBBB", width, height, 0x10, 0, 0x80 if on else 0, 0, 0, int(on))
    parts = [(_SHOW, state + (struct.pack(">HBBHH", 0, 0, 0, x, y) if on else b""))]
    parts.append((_WINDOW, struct.pack(">BBHHHH", 1, 0, x, y, _WIDTH, _HEIGHT)))
    if on:
        parts.append((_PALETTE, bytes((0, 0, 1, 235, 128, 128, 255))))
        line = bytes((0, 0x80 | 32, 1)) * 2 + b"\0\0"
        data = struct.pack(">HH", _WIDTH, _HEIGHT) + line * _HEIGHT
        parts.append((_OBJECT, struct.pack(">HBB", 0, 0, 0xC0) + len(data).to_bytes(3, "big") + data))
    parts.append((_END, b""))
    ticks = round(seconds * 90_000)
    return b"".join(b"PG" + struct.pack(">IIBH", ticks, 0, kind, len(body)) + body for kind, body in parts)
