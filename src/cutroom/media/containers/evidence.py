"""Traces of a container inside a file whose beginning no longer says what it is."""

from __future__ import annotations

from cutroom.media.containers.byte_file import ByteFile
from cutroom.media.containers.magic import packet_length

_MARKS: dict[str, tuple[bytes, ...]] = {
    "mp4": (b"mvhd", b"trak", b"stbl"),
    "matroska": (b"\x1f\x43\xb6\x75", b"\xa3"),
    "avi": (b"movi", b"00dc"),
    "ogg": (b"OggS\0",),
    "mpegps": (b"\0\0\1\xba", b"\0\0\1\xe0"),
    "mxf": (b"\x06\x0e\x2b\x34\x01\x02\x01\x01\x0d\x01\x03\x01",),
    "asf": (bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"), bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")),
}
_REACH = 4 << 20  # bytes looked at from either end


def holds_traces(file: ByteFile, format: str) -> bool:
    """Whether the first and last mebibytes hold what only files of this format do."""
    body = file.read(0, _REACH)
    if file.size > _REACH:
        body += file.read(max(_REACH, file.size - _REACH), _REACH)
    if format == "mpegts":
        found = body.find(b"\x47", 512)
        starts = _next_syncs(body, found)
        return any(packet_length(body[at - lead : at + 1024]) for at in starts for lead in (0, 4))
    if format == "flv":
        return _flv(body)
    marks = _MARKS.get(format)
    return marks is not None and all(mark in body for mark in marks)


def begins_inside(file: ByteFile, format: str) -> bool:
    """Whether a file without an index begins in the middle of a packet, with the next one where it must be."""
    head = file.read(0, 1 << 17)
    if format == "mpegts":
        return any(packet_length(head[at:]) for at in range(1, min(204, len(head))) if head[at] == 0x47)
    if format != "mpegps" or not any(head[:16]):
        return False
    first = head.find(b"\0\0\1\xba")
    return first > 0 and head.find(b"\0\0\1\xba", first + 4) > 0


def _next_syncs(body: bytes, start: int) -> list[int]:
    found: list[int] = []
    while start >= 0 and len(found) < 2000:
        found.append(start)
        start = body.find(b"\x47", start + 1)
    return found


def _flv(body: bytes) -> bool:
    """A tag somewhere whose repeated size fits it."""
    for at in range(512, min(len(body) - 15, 1 << 16)):
        if body[at] in (8, 9) and body[at + 8 : at + 11] == b"\0\0\0":
            size = int.from_bytes(body[at + 1 : at + 4], "big")
            if size and int.from_bytes(body[at + 11 + size : at + 15 + size], "big") == size + 11:
                return True
    return False
