"""ASF (WMV, WMA): top-level objects with sizes, and data packets of one length. A light check."""

from __future__ import annotations

from cutroom.media.containers.byte_file import ByteFile
from cutroom.media.containers.fault import Fault, Structure

_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")


def check(file: ByteFile) -> Structure:
    """Walk the objects; check that the header's children tile it and that every data packet is there."""
    faults: list[Fault] = []
    position, seen_data, packet_bytes, broadcast = 0, False, 0, False
    while position + 24 <= file.size:
        head = file.read(position, 50)
        guid, size = head[:16], int.from_bytes(head[16:24], "little")
        if guid == _DATA:
            seen_data = True
            count = int.from_bytes(head[40:48], "little")
            if broadcast or size < 50:
                break
            if packet_bytes and count and size < 50 + count * packet_bytes:
                faults.append(_fault("asf.bad-object", "The ASF data object is too short for its packets", position))
        if size < 24:
            faults.append(_fault("asf.bad-object", "An ASF object has an impossible size", position))
            break
        if position + size > file.size:
            faults.append(
                _fault("asf.truncated", f"The file ends {position + size - file.size} bytes early", file.size)
            )
            break
        if guid == _HEADER:
            packet_bytes, broadcast = _header(file, position, size, faults)
        position += size
    if not seen_data and not faults:
        faults.append(_fault("asf.no-data", "The ASF file holds no data object", file.size))
    return Structure(format="asf", faults=faults)


def _header(file: ByteFile, start: int, size: int, faults: list[Fault]) -> tuple[int, bool]:
    """Check the header's children; the packet length and whether it is a broadcast without sizes."""
    data = file.read(start, min(size, 16 << 20))
    position, packet_bytes, broadcast = 30, 0, False
    while position + 24 <= len(data):
        child = int.from_bytes(data[position + 16 : position + 24], "little")
        if child < 24 or position + child > len(data):
            faults.append(_fault("asf.bad-object", "The ASF header is damaged", start + position))
            break
        if data[position : position + 16] == _FILE_PROPERTIES and child >= 104:
            broadcast = bool(data[position + 88] & 1)
            packet_bytes = int.from_bytes(data[position + 92 : position + 96], "little")
        position += child
    return packet_bytes, broadcast


def _fault(code: str, what: str, position: int) -> Fault:
    return Fault(code=code, message=f"{what} (byte {position}).", byte_offset=position)
