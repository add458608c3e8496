"""MPEG program streams: packs and packets chained by start codes and lengths."""

from __future__ import annotations

from cutroom.media.containers.byte_file import ByteFile
from cutroom.media.containers.fault import Fault, Structure

_WINDOW = 1 << 20


def check(file: ByteFile) -> Structure:
    """Walk the chain of start codes; every length must lead to the next one."""
    faults: list[Fault] = []
    position, window, base = 0, b"", 0
    ended = False
    while position < file.size:
        if position - base + 14 > len(window):
            window, base = file.read(position, _WINDOW), position
        head = window[position - base : position - base + 14]
        if head[:3] != b"\0\0\1" or len(head) < 4 or head[3] < 0xB9:
            stuffing = _zeros(file, position)
            if stuffing:
                position += stuffing
                continue
            if not ended and position:  # a recording may begin with the rest of a packet
                faults.append(_fault("ps.broken-chain", "The chain of program-stream packets breaks", position))
            position = _resume(file, position + 1)
            continue
        ended = head[3] == 0xB9
        length = _length(head)
        if length is None or position + length > file.size:
            faults.append(_fault("ps.truncated", "The last program-stream packet is cut off", position))
            break
        position += length
    return Structure(format="mpegps", faults=faults)


def _length(head: bytes) -> int | None:
    """Bytes of the pack header, packet or end code that begins with `head`."""
    if head[3] == 0xB9:
        return 4
    if head[3] == 0xBA:
        if len(head) < 12:
            return None
        if head[4] >> 6 == 1:
            return 14 + (head[13] & 7) if len(head) > 13 else None
        return 12
    return 6 + int.from_bytes(head[4:6], "big") if len(head) >= 6 else None


def _zeros(file: ByteFile, position: int) -> int:
    """How many zero bytes of padding stand before the next start code; 0 when what follows is no start code."""
    data = file.read(position, 4096)
    stripped = data.lstrip(b"\0")
    if not stripped:
        return len(data) if file.zero_until_end(position) else 0
    count = len(data) - len(stripped)
    return count - 2 if count > 2 and stripped[0] == 1 else 0


def _resume(file: ByteFile, position: int) -> int:
    """The next pack header, or the end of the file."""
    while position < file.size:
        block = file.read(position, 1 << 16)
        found = block.find(b"\0\0\1\xba")
        if found >= 0:
            return position + found
        if len(block) < 4:
            break
        position += len(block) - 3
    return file.size


def _fault(code: str, what: str, position: int) -> Fault:
    return Fault(code=code, message=f"{what} (byte {position}).", byte_offset=position)
