"""Ogg: every page carries a CRC-32 and a sequence number."""

from __future__ import annotations

import struct

from cutroom.media.containers.byte_file import ByteFile
from cutroom.media.containers.crc import crc32_forward
from cutroom.media.containers.fault import Fault, Structure

_SKIP = 1 << 16


def check(file: ByteFile) -> Structure:
    """Walk every page: capture pattern, checksum, sequence, and an end for each logical stream."""
    faults: list[Fault] = []
    sequence: dict[int, int] = {}
    open_streams: set[int] = set()
    position = 0
    while position < file.size:
        head = file.read(position, 27 + 255)
        if head[:4] != b"OggS":
            faults.append(_fault("ogg.lost-sync", "No Ogg page stands where one must", position))
            position = _next_page(file, position + 1)
            continue
        count = head[26] if len(head) > 26 else 0
        length = 27 + count + sum(head[27 : 27 + count])
        page = file.read(position, length)
        if len(page) < length or len(head) < 27:
            faults.append(_fault("ogg.truncated", "The last Ogg page is cut off", position))
            break
        flags, serial, number, stored = head[5], *struct.unpack_from("<III", head, 14)
        if crc32_forward(page[:22] + b"\0\0\0\0" + page[26:], 0) != stored:
            faults.append(_fault("ogg.bad-checksum", "An Ogg page does not match its checksum", position))
        expected = None if flags & 2 else sequence.get(serial)  # a chained stream may use the same serial again
        if expected is not None and number != expected:
            faults.append(_fault("ogg.missing-pages", f"Ogg pages {expected} to {number - 1} are missing", position))
        sequence[serial] = number + 1
        (open_streams.discard if flags & 4 else open_streams.add)(serial)
        position += length
    if open_streams and not faults:
        faults.append(_fault("ogg.no-end", "A stream has no last page", file.size))
    return Structure(format="ogg", faults=faults)


def _next_page(file: ByteFile, position: int) -> int:
    while position < file.size:
        block = file.read(position, _SKIP)
        found = block.find(b"OggS")
        if found >= 0:
            return position + found
        if len(block) < 4:
            break
        position += len(block) - 3
    return file.size


def _fault(code: str, what: str, position: int) -> Fault:
    return Fault(code=code, message=f"{what} (byte {position}).", byte_offset=position)
