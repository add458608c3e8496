"""AVI: nested RIFF chunks, an index, and the OpenDML continuation."""

from __future__ import annotations

import re
import struct

from cutroom.media.containers.byte_file import ByteFile
from cutroom.media.containers.fault import Fault, Structure

_DATA = re.compile(rb"[0-9][0-9](dc|db|wb|pc|tx|sb|iv|id)|ix[0-9][0-9]|JUNK|idx1|LIST|rec |[0-9][0-9]ix", re.IGNORECASE)
_FOURCC = re.compile(rb"[\x20-\x7e]{4}")
_HEADER_LIMIT = 16 << 20


class _Walk:
    """The state of one walk: faults, and the data chunks met."""

    def __init__(self, file: ByteFile) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.movi = 0  # offset of the first movi list's type
        self.chunks: dict[int, bytes] = {}  # offset → fourcc, of the first RIFF
        self.index: bytes | None = None
        self.index_at = 0
        self.header = b""
        self.opendml = False

    def fault(self, code: str, message: str, offset: int) -> None:
        self.faults.append(Fault(code=code, message=message, byte_offset=offset))


def check(file: ByteFile) -> Structure:
    """Walk RIFF, LIST and data chunks, then compare the index and the declared frames with what is there."""
    walk = _Walk(file)
    position, first = 0, True
    while position + 12 <= file.size:
        head = file.read(position, 12)
        if head[:4] != b"RIFF" or head[8:12] not in (b"AVI ", b"AVIX"):
            if not file.zero_until_end(position):
                walk.fault(
                    "avi.trailing-bytes", f"There is something else behind the AVI data (byte {position}).", position
                )
            break
        end = position + 8 + int.from_bytes(head[4:8], "little")
        if end > file.size:
            missing = end - file.size
            walk.fault("avi.truncated", f"The file ends {missing} bytes before its AVI data does.", file.size)
        _riff(walk, position + 12, min(end, file.size), first)
        position, first = end + (end & 1), False
    _compare(walk)
    return Structure(format="avi", faults=walk.faults, duration_seconds=_declared_seconds(walk.header))


def _riff(walk: _Walk, position: int, end: int, first: bool) -> None:
    while position + 8 <= end:
        head = walk.file.read(position, 12)
        name, size = head[:4], int.from_bytes(head[4:8], "little")
        stop = position + 8 + size
        if not _FOURCC.fullmatch(name):
            walk.fault("avi.bad-chunk", f"There is no valid chunk at byte {position}.", position)
            return
        if name == b"LIST" and head[8:12] == b"movi":
            if first and not walk.movi:
                walk.movi = position + 8
            _movi(walk, position + 12, min(stop, end), first)
            stop = min(stop, end) if stop > end else stop
        elif stop > end:
            walk.fault("avi.bad-chunk", f"The chunk at byte {position} is longer than what holds it.", position)
            return
        elif name == b"LIST" and head[8:12] == b"hdrl":
            walk.header = walk.file.read(position + 12, min(size - 4, _HEADER_LIMIT))
            _header(walk, position + 12)
        elif name == b"idx1" and first:
            walk.index, walk.index_at = walk.file.read(position + 8, min(size, 64 << 20)), position + 8
        position = stop + (stop & 1)


def _header(walk: _Walk, base: int) -> None:
    """The children of hdrl tile it; each strl holds a strh and a strf."""
    data, position = walk.header, 0
    walk.opendml = b"indx" in data
    while position + 8 <= len(data):
        name, size = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        if not _FOURCC.fullmatch(name) or position + 8 + size > len(data):
            walk.fault("avi.bad-chunk", f"The AVI header is damaged at byte {base + position}.", base + position)
            return
        if name == b"LIST" and data[position + 8 : position + 12] == b"strl":
            body = data[position + 12 : position + 8 + size]
            if body[:4] != b"strh" or b"strf" not in body:
                walk.fault(
                    "avi.bad-chunk", f"A stream header at byte {base + position} is incomplete.", base + position
                )
        position += 8 + size + (size & 1)
    if data[:4] != b"avih":
        walk.fault("avi.bad-chunk", "The AVI main header is missing.", base)


def _movi(walk: _Walk, position: int, end: int, first: bool) -> None:
    while position + 8 <= end:
        head = walk.file.read(position, 12)
        name, size = head[:4], int.from_bytes(head[4:8], "little")
        if name == b"LIST" and head[8:12] == b"rec ":
            position += 12
            continue
        stop = position + 8 + size
        if not _DATA.fullmatch(name) or stop > end:
            if stop <= end or stop <= walk.file.size or not walk.faults:
                walk.fault("avi.broken-chain", f"The chain of AVI chunks breaks at byte {position}.", position)
            position = _resume(walk.file, position + 1, end)
            continue
        if first:
            walk.chunks[position] = name
        position = stop + (stop & 1)


def _resume(file: ByteFile, position: int, end: int) -> int:
    """The next chunk that is followed by another one, or `end`."""
    while position < end:
        block = file.read(position, min(1 << 16, end - position))
        for match in re.finditer(rb"[0-9][0-9](dc|db|wb)", block):
            start = position + match.start()
            size = int.from_bytes(file.read(start + 4, 4), "little")
            after = start + 8 + size + (size & 1)
            if after == end or (after < end and _DATA.fullmatch(file.read(after, 4))):
                return start
        if len(block) < 8:
            break
        position += len(block) - 7
    return end


def _compare(walk: _Walk) -> None:
    if not walk.movi:
        walk.fault("avi.no-data", "The AVI file has no movi list, so it holds no frames.", 0)
        return
    if walk.index is None:
        if not walk.opendml and not walk.faults and _flags(walk.header) & 0x10:
            walk.fault("avi.no-index", "The AVI index that the header promises is missing.", walk.file.size)
        return
    entries = list(struct.iter_unpack("<4sIII", walk.index[: len(walk.index) // 16 * 16]))
    if not entries:
        return
    # Offsets count from the movi type, or from the start of the file in some writers.
    base = walk.movi if entries[0][2] < walk.movi else 0
    wrong = sum(1 for name, _, offset, _ in entries if walk.chunks.get(base + offset) != name and name != b"rec ")
    if wrong:
        walk.fault("avi.bad-index", f"{wrong} of {len(entries)} index entries point at no chunk.", walk.index_at)
    missing = len(walk.chunks.keys() - {base + entry[2] for entry in entries} - _unindexed(walk))
    if missing > 2 and not wrong:
        walk.fault("avi.bad-index", f"The index leaves out {missing} chunks.", walk.index_at)


def _unindexed(walk: _Walk) -> set[int]:
    return {at for at, name in walk.chunks.items() if name in (b"JUNK", b"LIST", b"idx1") or name[:2] == b"ix"}


def _flags(header: bytes) -> int:
    return int.from_bytes(header[20:24], "little") if header[:4] == b"avih" else 0


def _declared_seconds(header: bytes) -> float | None:
    if header[:4] != b"avih" or len(header) < 28:
        return None
    micros, frames = struct.unpack_from("<I12xI", header, 8)
    return micros * frames / 1e6 or None
