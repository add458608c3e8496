"""Flash video: tags chained by their sizes, each repeated behind the tag."""

from __future__ import annotations

import struct

from cutroom.media.containers.byte_file import ByteFile
from cutroom.media.containers.fault import Fault, Structure

_KINDS = (8, 9, 18)
_WINDOW = 1 << 20


def check(file: ByteFile) -> Structure:
    """Walk every tag and compare each size with its repetition."""
    faults: list[Fault] = []
    head = file.read(0, 9)
    position = int.from_bytes(head[5:9], "big")
    if not 9 <= position <= file.size:
        faults.append(Fault(code="flv.bad-header", message="The FLV header points outside the file.", byte_offset=5))
        position = 9
    position += 4
    last_ms = 0
    window, base = b"", 0
    while position < file.size:
        if position - base + 15 > len(window):
            window, base = file.read(position, _WINDOW), position
        tag = window[position - base : position - base + 11]
        at = last_ms / 1000
        if len(tag) < 11:
            faults.append(_truncated(position, at))
            break
        if file.size - position < 64 and file.zero_until_end(position):
            break
        size = int.from_bytes(tag[1:4], "big")
        end = position + 11 + size
        if tag[0] & 0xC0 or (tag[0] & 0x1F) not in _KINDS or tag[8:11] != b"\0\0\0":
            faults.append(_chain(position, at))
            position = _resume(file, position + 1)
            continue
        if end > file.size:
            faults.append(_truncated(position, at))
            break
        tail = file.read(end, 4) if end - base + 4 > len(window) else window[end - base : end - base + 4]
        if len(tail) < 4:
            faults.append(_truncated(position, at))
            break
        (repeated,) = struct.unpack(">I", tail)
        if repeated not in (size + 11, size):
            faults.append(_chain(position, at))
            position = _resume(file, position + 1)
            continue
        if tag[0] & 0x1F != 18:
            last_ms = int.from_bytes(tag[4:7], "big") | tag[7] << 24
        position = end + 4
    return Structure(format="flv", faults=faults, duration_seconds=last_ms / 1000 or None)


def _resume(file: ByteFile, position: int) -> int:
    """The next place whose tag is followed by its own size, or the end of the file."""
    while position < file.size:
        block = file.read(position, _WINDOW)
        for index in range(max(0, len(block) - 15)):
            if block[index] in _KINDS and block[index + 8 : index + 11] == b"\0\0\0":
                size = int.from_bytes(block[index + 1 : index + 4], "big")
                tail = file.read(position + index + 11 + size, 4)
                if size and int.from_bytes(tail, "big") == size + 11:
                    return position + index
        position += max(1, len(block) - 15) if len(block) > 15 else len(block)
    return file.size


def _chain(position: int, at: float) -> Fault:
    return Fault(
        code="flv.broken-chain",
        message=f"The chain of FLV tags breaks at byte {position}.",
        byte_offset=position,
        start_seconds=at,
    )


def _truncated(position: int, at: float) -> Fault:
    return Fault(
        code="flv.truncated",
        message=f"The last FLV tag, at byte {position}, is cut off by the end of the file.",
        byte_offset=position,
        start_seconds=at,
    )
