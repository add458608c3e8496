"""Supplemental messages of H.264 and HEVC that hold for a whole stream (ITU-T H.264, 7.3.2.3 and D.1; H.265, D.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_LASTING = {137, 144, 147, 148}  # mastering display, content light, preferred transfer, ambient viewing environment


def lasting(units: Iterable[bytes], *, header_bytes: int) -> list[bytes]:
    """The SEI units that hold nothing but what the whole stream was mastered for."""
    return [unit for unit in units if (kinds := set(message_kinds(unit[header_bytes:]))) and kinds <= _LASTING]


def message_kinds(data: bytes) -> Iterator[int]:
    """payloadType of each message of a unit; damage ends them."""
    for kind, _, _ in messages(data):
        yield kind


def messages(data: bytes) -> Iterator[tuple[int, int, int]]:
    """payloadType, start and length of each message of a unit's payload; damage ends them."""
    at = 0
    while at + 2 < len(data):
        kind = size = 0
        while at < len(data) and data[at] == 255:
            kind, at = kind + 255, at + 1
        if at >= len(data):
            return
        kind, at = kind + data[at], at + 1
        while at < len(data) and data[at] == 255:
            size, at = size + 255, at + 1
        if at >= len(data):
            return
        size, at = size + data[at], at + 1
        yield kind, at, size
        at += size
