"""Supplemental messages of H.264 and HEVC that hold for a whole stream (ITU-T H.264, 7.3.2.3 and D.1; H.265, D.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cutroom.media.cut.bits import strip_emulation_prevention

_LASTING = {137, 144, 147, 148}  # mastering display, content light, preferred transfer, ambient viewing environment


def lasting(units: Iterable[bytes], *, header_bytes: int) -> list[bytes]:
    """The SEI units that hold nothing but what the whole stream was mastered for."""
    return [
        unit for unit in units if (kinds := {kind for kind, _ in messages(unit[header_bytes:])}) and kinds <= _LASTING
    ]


def messages(unit_payload: bytes) -> Iterator[tuple[int, bytes]]:
    """payloadType and content of each message of a unit, emulation prevention taken out; damage ends them."""
    data, at = strip_emulation_prevention(unit_payload), 0
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
        yield kind, data[at : at + size]
        at += size
