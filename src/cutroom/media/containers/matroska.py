"""Matroska and WebM: the chain of level-1 elements, their checksums, and the references between them."""

from __future__ import annotations

import struct
import zlib

from cutroom.media.containers import matroska_cluster
from cutroom.media.containers.byte_file import ByteFile
from cutroom.media.containers.ebml import UNKNOWN_SIZE, Element, children, read_element, unsigned
from cutroom.media.containers.fault import Fault, Structure

EBML, SEGMENT = 0x1A45DFA3, 0x18538067
SEEK_HEAD, INFO, TRACKS, CLUSTER, CUES = 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1F43B675, 0x1C53BB6B
CHAPTERS, TAGS, ATTACHMENTS, VOID, CRC32 = 0x1043A770, 0x1254C367, 0x1941A469, 0xEC, 0xBF
LEVEL_ONE = {SEEK_HEAD, INFO, TRACKS, CLUSTER, CUES, CHAPTERS, TAGS, ATTACHMENTS, VOID, CRC32}
_MARKS = tuple(struct.pack(">I", mark) for mark in (CLUSTER, CUES, TAGS))
_WHOLE = 32 << 20  # level-1 elements up to this size are read whole


class _Walk:
    def __init__(self, file: ByteFile) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.starts: dict[int, int] = {}  # offset of each level-1 element → its id
        self.scale = 1_000_000  # nanoseconds a timestamp tick
        self.duration: float | None = None  # seconds
        self.tracks: set[int] = set()
        self.references: list[tuple[int, int, int]] = []  # (what should stand there, offset, who says so)
        self.clock = matroska_cluster.Clock()
        self.segment = 0

    def fault(self, code: str, message: str, offset: int) -> None:
        seconds = self.clock.last_seconds if self.clock.seen else None
        self.faults.append(Fault(code=code, message=message, byte_offset=offset, start_seconds=seconds))


def check(file: ByteFile) -> Structure:
    """Walk EBML header and Segment; check sizes, CRC-32, clusters, cues, seek head and the declared duration."""
    walk = _Walk(file)
    head = read_element(file.read(0, 16), 0)
    header_ok = head is not None and head.id == EBML and head.size != UNKNOWN_SIZE
    position = head.end if head and header_ok else 0
    if not header_ok:
        walk.fault("matroska.bad-element", "The EBML header is damaged.", 0)
        position = max(0, file.read(0, 4096).find(struct.pack(">I", SEGMENT)))
    segment = read_element(file.read(position, 16), 0, position)
    if segment is None or segment.id != SEGMENT:
        walk.fault("matroska.no-segment", "No Matroska segment follows the EBML header.", position)
        return Structure(format="matroska", faults=walk.faults)
    end = file.size if segment.size == UNKNOWN_SIZE else segment.end
    if end > file.size:
        walk.fault("matroska.truncated", f"The file ends {end - file.size} bytes before its segment does.", file.size)
    walk.segment = segment.data
    _segment(walk, segment.data, min(end, file.size))
    if end < file.size and not file.zero_until_end(end) and not _known_at(file, end):
        walk.fault("matroska.trailing-bytes", f"There is something else behind the segment (byte {end}).", end)
    _references(walk)
    _duration(walk, whole=end <= file.size)
    return Structure(format="matroska", faults=walk.faults, duration_seconds=walk.duration)


def _segment(walk: _Walk, position: int, end: int) -> None:
    file = walk.file
    while position < end:
        element = read_element(file.read(position, 16), 0, position)
        if element is None or element.id not in LEVEL_ONE:
            if element is not None and element.id in (EBML, SEGMENT):
                return  # a second file behind the first: legal, and the demuxer reads it
            walk.fault("matroska.bad-element", f"No valid element stands at byte {position}.", position)
            position = _resume(file, position + 1, end)
            continue
        stop = element.end if element.size != UNKNOWN_SIZE else _unknown_end(walk, element, end)
        if stop > end:
            walk.fault("matroska.cut-element", f"The element at byte {position} reaches past the end.", position)
            if element.id != CLUSTER:
                position = _resume(file, position + 1, end)
                continue
        walk.starts[element.start] = element.id
        _level_one(walk, element, min(stop, end))
        position = stop


def _level_one(walk: _Walk, element: Element, stop: int) -> None:
    if element.id in (VOID, CRC32) or stop - element.data > _WHOLE:
        return
    data = walk.file.read(element.data, stop - element.data)
    complete = len(data) == element.size
    summed = data[:1] == b"\xbf" and data[1:2] == b"\x84"
    if summed and complete and zlib.crc32(memoryview(data)[6:]) != int.from_bytes(data[2:6], "little"):
        if element.id == CLUSTER:
            matroska_cluster.note_time(data, walk.clock, walk.scale)
        name = {CLUSTER: "cluster", CUES: "index", INFO: "info", TRACKS: "track list"}.get(element.id, "element")
        code = "matroska.bad-checksum" if element.id in (CLUSTER, TRACKS, INFO) else "matroska.bad-checksum-minor"
        walk.fault(code, f"The {name} at byte {element.start} does not match its checksum.", element.start)
    if element.id == CLUSTER:
        if element.size != UNKNOWN_SIZE:
            for code, message, offset in matroska_cluster.check(
                data, element.data, walk.tracks, walk.clock, walk.scale
            ):
                walk.fault(code, message, offset)
        return
    found, broken = children(data, element.data)
    if broken is not None:
        code = "matroska.bad-element" if element.id in (INFO, TRACKS) else "matroska.bad-element-minor"
        walk.fault(code, f"The contents of the element at byte {element.start} are damaged.", broken)
    _collect(walk, element, data, found)


def _collect(walk: _Walk, parent: Element, data: bytes, found: list[Element]) -> None:
    """Keep what later checks need: timestamps' scale, duration, track numbers, and references."""

    def body(element: Element) -> bytes:
        return data[element.data - parent.data : element.end - parent.data]

    for element in found:
        content = body(element)
        if parent.id == INFO and element.id == 0x2AD7B1:
            walk.scale = unsigned(content) or 1_000_000
        elif parent.id == INFO and element.id == 0x4489 and len(content) in (4, 8):
            (ticks,) = struct.unpack(">f" if len(content) == 4 else ">d", content)
            walk.duration = ticks * walk.scale / 1e9 if ticks > 0 else None
        elif parent.id == TRACKS and element.id == 0xAE:
            walk.tracks |= {unsigned(content[sub.data : sub.end]) for sub in children(content)[0] if sub.id == 0xD7}
        elif parent.id == SEEK_HEAD and element.id == 0x4DBB:
            parts = {sub.id: content[sub.data : sub.end] for sub in children(content)[0]}
            if 0x53AB in parts and 0x53AC in parts:
                target = walk.segment + unsigned(parts[0x53AC])
                walk.references.append((unsigned(parts[0x53AB]), target, element.start))
        elif parent.id == CUES and element.id == 0xBB:
            _cue(walk, content, element.start)
    if parent.id == INFO and walk.duration and walk.scale != 1_000_000:
        walk.duration = next((_float(body(e)) * walk.scale / 1e9 for e in found if e.id == 0x4489), walk.duration)


def _float(content: bytes) -> float:
    value: float = struct.unpack(">f" if len(content) == 4 else ">d", content)[0] if len(content) in (4, 8) else 0.0
    return value


def _cue(walk: _Walk, content: bytes, start: int) -> None:
    for position in (sub for sub in children(content)[0] if sub.id == 0xB7):
        inner = content[position.data : position.end]
        for sub in children(inner)[0]:
            if sub.id == 0xF1:
                walk.references.append((CLUSTER, walk.segment + unsigned(inner[sub.data : sub.end]), start))


def _references(walk: _Walk) -> None:
    """Every seek entry and cue must land on the element it names."""
    wrong = [entry for entry in walk.references if walk.starts.get(entry[1]) != entry[0]]
    beyond = [entry for entry in wrong if entry[1] >= walk.file.size]
    if beyond:
        walk.fault("matroska.points-beyond-end", f"{len(beyond)} index entries point behind the end.", beyond[0][2])
    elif wrong:
        walk.fault("matroska.bad-index", f"{len(wrong)} index entries point at the wrong place.", wrong[0][2])


def _duration(walk: _Walk, *, whole: bool) -> None:
    clock = walk.clock
    if not clock.seen:
        if not any(fault.code == "matroska.truncated" for fault in walk.faults):
            walk.fault("matroska.no-clusters", "The file holds no cluster, so it holds no frames.", walk.file.size)
        return
    if walk.duration and whole and walk.duration - clock.last_seconds > max(2.0, 0.02 * walk.duration):
        walk.fault(
            "matroska.shorter-than-declared",
            f"The file declares {walk.duration:.1f} s, but its last frame is at {clock.last_seconds:.1f} s.",
            walk.file.size,
        )


def _unknown_end(walk: _Walk, element: Element, end: int) -> int:
    """Where an element of unknown size stops: at the next level-1 element that its children chain to."""
    position = element.data
    while position < end:
        child = read_element(walk.file.read(position, 16), 0, position)
        if child is None:
            walk.fault("matroska.bad-element", f"No valid element stands at byte {position}.", position)
            return _resume(walk.file, position + 1, end)
        if child.id in LEVEL_ONE - {VOID, CRC32} or child.id in (EBML, SEGMENT):
            return position
        if child.id in matroska_cluster.KNOWN and child.size != UNKNOWN_SIZE:
            if child.end > end:
                walk.fault("matroska.cut-element", f"The block at byte {position} is cut off.", position)
                return end
            matroska_cluster.one(walk.file, child, walk.clock, walk.scale)
        elif child.size == UNKNOWN_SIZE or child.id not in matroska_cluster.KNOWN:
            walk.fault("matroska.bad-element", f"An unknown element stands at byte {position}.", position)
            return _resume(walk.file, position + 1, end)
        position = child.end
    return end


def _resume(file: ByteFile, position: int, end: int) -> int:
    """The next cluster, index or tags element, or `end`."""
    while position < end:
        block = file.read(position, min(1 << 18, end - position))
        hits = [found for mark in _MARKS if (found := block.find(mark)) >= 0]
        if hits:
            return position + min(hits)
        if len(block) < 4:
            return end
        position += len(block) - 3
    return end


def _known_at(file: ByteFile, position: int) -> bool:
    element = read_element(file.read(position, 16), 0, position)
    return element is not None and element.id in LEVEL_ONE | {EBML, SEGMENT}
