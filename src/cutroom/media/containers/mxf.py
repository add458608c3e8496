"""MXF: key-length-value triplets from the header partition to the footer. A light check."""

from __future__ import annotations

from cutroom.media.containers.byte_file import ByteFile
from cutroom.media.containers.fault import Fault, Structure

_UL = b"\x06\x0e\x2b\x34"
_PARTITION = b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01"
_RUN_IN = 65536


def check(file: ByteFile) -> Structure:
    """Walk every triplet; a closed header must be matched by a footer."""
    faults: list[Fault] = []
    position = max(0, file.read(0, _RUN_IN).find(_PARTITION))
    footer = False
    while position < file.size:
        head = file.read(position, 25)
        if head[:4] != _UL:
            if not file.zero_until_end(position):
                faults.append(_fault("mxf.broken-chain", "No MXF key stands where one must", position))
            break
        length, width = _ber(head[16:])
        if length is None:
            faults.append(_fault("mxf.broken-chain", "An MXF element has no valid length", position))
            break
        end = position + 16 + width + length
        if end > file.size:
            faults.append(_fault("mxf.truncated", f"The file ends {end - file.size} bytes early", file.size))
            break
        footer = footer or (head[:13] == _PARTITION and head[13] == 4)
        position = end
    if not footer and not faults:
        faults.append(_fault("mxf.no-footer", "The MXF file has no footer partition", file.size))
    return Structure(format="mxf", faults=faults)


def _ber(data: bytes) -> tuple[int | None, int]:
    """A BER length and the bytes it takes."""
    if not data:
        return None, 0
    if data[0] < 0x80:
        return data[0], 1
    width = data[0] & 0x7F
    if not 1 <= width <= 8 or len(data) < 1 + width:
        return None, 0
    return int.from_bytes(data[1 : 1 + width], "big"), 1 + width


def _fault(code: str, what: str, position: int) -> Fault:
    return Fault(code=code, message=f"{what} (byte {position}).", byte_offset=position)
