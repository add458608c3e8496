"""Fragmented MP4: every fragment's sizes cover its data, and times and numbers run on."""

from __future__ import annotations

import struct

import numpy as np

from cutroom.media.containers.byte_file import ByteFile
from cutroom.media.containers.fault import Fault
from cutroom.media.containers.isobmff_boxes import Box, children, first
from cutroom.media.containers.isobmff_tables import Movie
from cutroom.media.containers.isobmff_track import TableError

_MOOF_LIMIT = 64 << 20
_GAP_SECONDS = 0.5


class _Walk:
    def __init__(self, file: ByteFile, movie: Movie) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.scales = {track.id: track.timescale for track in movie.tracks}
        self.indexes = {track.id: track.index for track in movie.tracks}
        self.defaults: dict[int, tuple[int, int]] = {}  # track id → default duration and size
        self.expected: dict[int, int] = {}  # track id → where its next fragment should start, in ticks
        self.sequence: int | None = None

    def fault(self, code: str, message: str, offset: int, track: int = 0, at: float | None = None) -> None:
        stream = self.indexes.get(track)
        self.faults.append(Fault(code=code, message=message, byte_offset=offset, stream=stream, start_seconds=at))


def check(file: ByteFile, boxes: list[Box], moov: bytes, movie: Movie) -> list[Fault]:
    """Check every moof of the file's top-level boxes."""
    walk = _Walk(file, movie)
    _read_defaults(walk, moov)
    for number, box in enumerate(boxes):
        if box.type == b"sidx" and box.end <= file.size:
            _segment_index(walk, box)
        if box.type != b"moof":
            continue
        if box.end > file.size or box.size > _MOOF_LIMIT:
            continue  # the truncation is reported already
        data_box = next((later for later in boxes[number + 1 :] if later.type in (b"mdat", b"moof")), None)
        if data_box is None or data_box.type != b"mdat":
            walk.fault("mp4.fragment-without-data", f"The fragment at byte {box.start} has no data.", box.start)
            continue
        try:
            _fragment(walk, box, data_box)
        except (TableError, struct.error, ValueError, IndexError):
            walk.fault("mp4.bad-fragment", f"The header of the fragment at byte {box.start} is damaged.", box.start)
    _random_access(walk, boxes)
    _length(walk, moov)
    return walk.faults


def _read_defaults(walk: _Walk, moov: bytes) -> None:
    mvex = first(children(moov, 8, len(moov))[0], b"mvex")
    if mvex is None:
        return
    for box in children(moov, mvex.start + mvex.header, mvex.end)[0]:
        if box.type == b"trex" and box.size >= 32:
            track, _, duration, size = struct.unpack_from(">IIII", moov, box.start + 12)
            walk.defaults[track] = (duration, size)


def _fragment(walk: _Walk, moof: Box, mdat: Box) -> None:
    data = walk.file.read(moof.start, moof.size)
    boxes, broken = children(data, moof.header, len(data))
    if broken is not None:
        raise TableError
    header = first(boxes, b"mfhd")
    if header is None:
        raise TableError
    (number,) = struct.unpack_from(">I", data, header.start + 12)
    if walk.sequence is not None and number > walk.sequence + 1:
        text = f"Fragments {walk.sequence + 1} to {number - 1} are missing before byte {moof.start}."
        walk.fault("mp4.fragment-missing", text, moof.start)
    walk.sequence = number
    used, following = 0, moof.start
    for box in boxes:
        if box.type == b"traf":
            size, following = _track_fragment(walk, data, box, moof, mdat, following)
            used += size
    payload = min(mdat.end, walk.file.size) - mdat.start - mdat.header
    if used < payload:
        text = f"The fragment at byte {moof.start} uses {used} of {payload} bytes of its data."
        walk.fault("mp4.fragment-unused-bytes", text, moof.start)


def _track_fragment(walk: _Walk, data: bytes, traf: Box, moof: Box, mdat: Box, following: int) -> tuple[int, int]:
    """Check one traf; the bytes it uses, and where its last run ends."""
    boxes, broken = children(data, traf.start + traf.header, traf.end)
    header = first(boxes, b"tfhd")
    if broken is not None or header is None:
        raise TableError
    flags, track = struct.unpack_from(">II", data, header.start + 8)
    duration, size, base = _overrides(walk, data, header, flags, track)
    if base is None:
        base = moof.start if flags & 0x020000 or following == moof.start else following
    seconds = _continue(walk, data, first(boxes, b"tfdt"), track, moof.start)
    total = ticks = 0
    for run in (box for box in boxes if box.type == b"trun"):
        count, offset, run_bytes, run_ticks = _run(data, run, duration, size)
        start = base + offset if offset is not None else following
        if run_bytes and not (mdat.start + mdat.header <= start and start + run_bytes <= mdat.end):
            text = f"A run of {count} samples points outside the data of the fragment at byte {moof.start}."
            walk.fault("mp4.fragment-mismatch", text, moof.start, track, seconds)
        elif start + run_bytes > walk.file.size:
            walk.fault("mp4.samples-beyond-end", "The last fragment is cut off.", moof.start, track, seconds)
        following = start + run_bytes
        total, ticks = total + run_bytes, ticks + run_ticks
    if track in walk.expected:
        walk.expected[track] += ticks
    return total, following


def _overrides(walk: _Walk, data: bytes, header: Box, flags: int, track: int) -> tuple[int, int, int | None]:
    duration, size = walk.defaults.get(track, (0, 0))
    position, base = header.start + 16, None
    if flags & 0x1:
        (base,) = struct.unpack_from(">Q", data, position)
        position += 8
    position += 4 if flags & 0x2 else 0
    if flags & 0x8:
        (duration,) = struct.unpack_from(">I", data, position)
        position += 4
    if flags & 0x10:
        (size,) = struct.unpack_from(">I", data, position)
    if track not in walk.scales:
        raise TableError
    return duration, size, base


def _continue(walk: _Walk, data: bytes, tfdt: Box | None, track: int, offset: int) -> float | None:
    """Compare a fragment's start time with where the one before it ended; its start in seconds."""
    scale = walk.scales.get(track, 0)
    if tfdt is None or not scale:
        return None
    wide = data[tfdt.start + 8] == 1
    (start,) = struct.unpack_from(">Q" if wide else ">I", data, tfdt.start + 12)
    expected = walk.expected.get(track)
    if expected is not None and abs(start - expected) / scale > _GAP_SECONDS:
        away = (start - expected) / scale
        text = f"Time jumps by {away:+.2f} s at the fragment at byte {offset}."
        walk.fault("mp4.fragment-time-jump", text, offset, track, expected / scale)
    walk.expected[track] = start
    return float(start / scale)


def _run(data: bytes, run: Box, duration: int, size: int) -> tuple[int, int | None, int, int]:
    """Samples, data offset, bytes and ticks of a trun."""
    flags, count = struct.unpack_from(">II", data, run.start + 8)
    flags &= 0xFFFFFF
    position, offset = run.start + 16, None
    if flags & 0x1:
        (offset,) = struct.unpack_from(">i", data, position)
        position += 4
    position += 4 if flags & 0x4 else 0
    fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    if position + count * 4 * len(fields) > run.end:
        raise TableError
    table = np.frombuffer(data, ">u4", count * len(fields), position).reshape(
        count, max(1, len(fields)) if fields else 0
    )
    ticks = int(table[:, fields.index(0x100)].sum(dtype=np.int64)) if 0x100 in fields else duration * count
    total = int(table[:, fields.index(0x200)].sum(dtype=np.int64)) if 0x200 in fields else size * count
    return count, offset, total, ticks


def _segment_index(walk: _Walk, box: Box) -> None:
    """The segments a sidx names must lie in the file."""
    data = walk.file.read(box.start, min(box.size, _MOOF_LIMIT))
    wide = data[8] == 1
    position = 20
    offset = int.from_bytes(data[position + (8 if wide else 4) :][: 8 if wide else 4], "big")
    position += 16 if wide else 8
    count = int.from_bytes(data[position + 2 : position + 4], "big")
    if position + 4 + 12 * count > len(data):
        walk.fault("mp4.bad-index", f"The segment index at byte {box.start} is damaged.", box.start)
        return
    reach = box.end + offset
    for entry in range(count):
        reach += int.from_bytes(data[position + 4 + 12 * entry :][:4], "big") & 0x7FFFFFFF
    if reach > walk.file.size:
        missing = reach - walk.file.size
        walk.fault("mp4.index-beyond-end", f"The segment index names {missing} bytes behind the end.", box.start)


def _random_access(walk: _Walk, boxes: list[Box]) -> None:
    """The entries of an mfra point at fragments."""
    mfra = next((box for box in boxes if box.type == b"mfra"), None)
    if mfra is None or mfra.end > walk.file.size or mfra.size > _MOOF_LIMIT:
        return
    moofs = {box.start for box in boxes if box.type == b"moof"}
    data = walk.file.read(mfra.start, mfra.size)
    for box in children(data, mfra.header, len(data))[0]:
        if box.type != b"tfra" or box.size < 24:
            continue
        version, widths, count = (
            data[box.start + 8],
            data[box.start + 19],
            int.from_bytes(data[box.start + 20 :][:4], "big"),
        )
        step = (16 if version == 1 else 8) + sum((widths >> shift & 3) + 1 for shift in (4, 2, 0))
        half = 8 if version == 1 else 4
        wrong = 0
        for entry in range(min(count, (box.size - 24) // step)):
            at = box.start + 24 + entry * step + half
            offset = int.from_bytes(data[at : at + half], "big")
            wrong += offset != 0 and offset not in moofs  # GStreamer leaves the last one empty
        if wrong:
            text = f"{wrong} of {count} entries of the fragment index point at no fragment."
            walk.fault("mp4.bad-index", text, mfra.start)


def _length(walk: _Walk, moov: bytes) -> None:
    """A declared whole length (mehd) must be reached."""
    mvex = first(children(moov, 8, len(moov))[0], b"mvex")
    mehd = first(children(moov, mvex.start + mvex.header, mvex.end)[0], b"mehd") if mvex else None
    mvhd = first(children(moov, 8, len(moov))[0], b"mvhd")
    if mehd is None or mvhd is None or not walk.expected:
        return
    wide = moov[mehd.start + 8] == 1
    (ticks,) = struct.unpack_from(">Q" if wide else ">I", moov, mehd.start + 12)
    (scale,) = struct.unpack_from(">I", moov, mvhd.start + (28 if moov[mvhd.start + 8] == 1 else 20))
    reached = max(end / walk.scales[track] for track, end in walk.expected.items() if walk.scales.get(track))
    if scale and ticks / scale - reached > 2.0:
        text = f"The file declares {ticks / scale:.1f} s, but its fragments end at {reached:.1f} s."
        walk.fault("mp4.shorter-than-declared", text, walk.file.size)
