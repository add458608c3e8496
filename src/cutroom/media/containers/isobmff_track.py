"""One track's sample tables as arrays."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from cutroom.media.containers.isobmff_boxes import Box, children

Array = np.ndarray[Any, np.dtype[Any]]
_NONE = np.zeros(0, np.uint32)


class TableError(Exception):
    """A table contradicts its own length."""


class Track:
    """The tables of one track; times are in ticks of `timescale` a second."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.id = 0
        self.handler = b""
        self.timescale = 0
        self.duration = 0
        self.samples = 0
        self.constant_size = 0
        self.sizes: Array = _NONE
        self.time_counts: Array = _NONE
        self.time_deltas: Array = _NONE
        self.offset_count: int | None = None
        self.offset_counts: Array = _NONE
        self.offsets: Array = _NONE  # display time minus decode time, signed
        self.sync: Array | None = None
        self.chunk_offsets: Array = _NONE
        self.per_chunk: Array = _NONE
        self.external = False
        self.encrypted = False
        self.sizes_in_bytes = True  # QuickTime sound counts frames, not bytes

    @property
    def seconds(self) -> float:
        """The length by the time table."""
        ticks = int((self.time_counts.astype(np.int64) * self.time_deltas.astype(np.int64)).sum())
        return ticks / self.timescale if self.timescale else 0.0

    def chunk_seconds(self, chunk: int) -> float:
        """When the first sample of a chunk (from 0) is decoded."""
        sample = int(self.per_chunk[:chunk].sum())
        if not self.timescale or not self.time_counts.size:
            return 0.0
        reached = np.cumsum(self.time_counts.astype(np.int64))
        ticks = np.concatenate(([0], np.cumsum(self.time_counts.astype(np.int64) * self.time_deltas)))
        entry = int(np.searchsorted(reached, sample, "right"))
        if entry >= reached.size:
            return float(ticks[-1] / self.timescale)
        before = int(reached[entry - 1]) if entry else 0
        return float((ticks[entry] + (sample - before) * int(self.time_deltas[entry])) / self.timescale)


def read_track(data: bytes, trak: Box, index: int) -> Track:
    """The tables of a `trak` box; raises TableError, struct.error or ValueError when they do not fit their boxes."""
    track = Track(index)
    for box in _descend(data, trak):
        body = box.start + box.header
        reader = _READERS.get(box.type)
        if reader is not None:
            reader(track, data, body, box.end)
    _spread(track)
    return track


def chunk_extents(track: Track) -> tuple[Array, Array]:
    """Start and end offset of every chunk, in bytes."""
    count = min(track.chunk_offsets.size, track.per_chunk.size)
    starts = track.chunk_offsets[:count].astype(np.int64)
    held = track.per_chunk[:count].astype(np.int64)
    if not track.sizes_in_bytes:
        return starts, starts + 1
    if track.constant_size:
        return starts, starts + held * track.constant_size
    reached = np.concatenate(([0], np.cumsum(track.sizes.astype(np.int64))))
    last = np.minimum(np.cumsum(held), track.samples)
    begin = np.concatenate(([0], last[:-1]))
    return starts, starts + reached[last] - reached[begin]


def _descend(data: bytes, holder: Box) -> list[Box]:
    found: list[Box] = []
    for box in children(data, holder.start + holder.header, holder.end)[0]:
        if box.type in (b"mdia", b"minf", b"stbl", b"dinf"):
            found += _descend(data, box)
        else:
            found.append(box)
    return found


def _entries(data: bytes, body: int, end: int, width: int, name: str, skip: int = 4) -> tuple[int, int]:
    """The count of entries of `width` bytes, and where they start; they must fit the box."""
    (count,) = struct.unpack_from(">I", data, body + skip)
    first = body + skip + 4
    if first + count * width > end:
        raise TableError(f"The {name} table declares {count} entries, more than it holds")
    return count, first


def _mdhd(track: Track, data: bytes, body: int, _: int) -> None:
    if data[body] == 1:
        track.timescale, track.duration = struct.unpack_from(">IQ", data, body + 20)
    else:
        track.timescale, track.duration = struct.unpack_from(">II", data, body + 12)
    if not track.timescale:
        raise TableError("The time scale is zero")


def _tkhd(track: Track, data: bytes, body: int, _: int) -> None:
    (track.id,) = struct.unpack_from(">I", data, body + (20 if data[body] == 1 else 12))


def _hdlr(track: Track, data: bytes, body: int, _: int) -> None:
    track.handler = data[body + 8 : body + 12]


def _stsd(track: Track, data: bytes, body: int, end: int) -> None:
    (count,) = struct.unpack_from(">I", data, body + 4)
    boxes, broken = children(data, body + 8, end)
    if broken is not None or len(boxes) < count or not count:
        raise TableError("The description of the samples is damaged")
    if any(not all(byte >= 0x20 or byte == 0 for byte in box.type) for box in boxes[:count]):
        raise TableError("The description of the samples names no codec")
    track.encrypted = boxes[0].type in (b"encv", b"enca", b"drmi", b"drms")
    if track.handler == b"soun":
        entry = boxes[0]
        version = int.from_bytes(data[entry.start + 16 : entry.start + 18], "big")
        pcm = entry.type in (
            b"twos",
            b"sowt",
            b"raw ",
            b"NONE",
            b"in24",
            b"in32",
            b"fl32",
            b"fl64",
            b"lpcm",
            b"ulaw",
            b"alaw",
        )
        track.sizes_in_bytes = not (pcm or version == 1)


def _stts(track: Track, data: bytes, body: int, end: int) -> None:
    count, first = _entries(data, body, end, 8, "time")
    pairs = np.frombuffer(data, ">u4", count * 2, first).reshape(count, 2)
    track.time_counts, track.time_deltas = pairs[:, 0], pairs[:, 1]


def _ctts(track: Track, data: bytes, body: int, end: int) -> None:
    count, first = _entries(data, body, end, 8, "display offset")
    pairs = np.frombuffer(data, ">i4", count * 2, first).reshape(count, 2)
    track.offset_counts, track.offsets = pairs[:, 0].view(">u4"), pairs[:, 1]
    track.offset_count = int(track.offset_counts.sum(dtype=np.int64))


def _stss(track: Track, data: bytes, body: int, end: int) -> None:
    count, first = _entries(data, body, end, 4, "keyframe")
    track.sync = np.frombuffer(data, ">u4", count, first)


def _stsz(track: Track, data: bytes, body: int, end: int) -> None:
    track.constant_size, track.samples = struct.unpack_from(">II", data, body + 4)
    if not track.constant_size:
        count, first = _entries(data, body, end, 4, "size", 8)
        track.sizes = np.frombuffer(data, ">u4", count, first)


def _stz2(track: Track, data: bytes, body: int, end: int) -> None:
    width, track.samples = struct.unpack_from(">xxxBI", data, body + 4)
    if width not in (4, 8, 16) or body + 12 + track.samples * width // 8 > end:
        raise TableError("The compact size table is damaged")
    raw = np.frombuffer(data, np.uint8, (track.samples * width + 7) // 8, body + 12)
    if width == 16:
        track.sizes = raw.view(">u2").astype(np.uint32)
    else:
        track.sizes = raw if width == 8 else np.stack([raw >> 4, raw & 15], axis=1).ravel()[: track.samples]


def _stco(track: Track, data: bytes, body: int, end: int) -> None:
    count, first = _entries(data, body, end, 4, "chunk")
    track.chunk_offsets = np.frombuffer(data, ">u4", count, first)


def _co64(track: Track, data: bytes, body: int, end: int) -> None:
    count, first = _entries(data, body, end, 8, "chunk")
    track.chunk_offsets = np.frombuffer(data, ">u8", count, first)


def _stsc(track: Track, data: bytes, body: int, end: int) -> None:
    count, first = _entries(data, body, end, 12, "sample-to-chunk")
    track.per_chunk = np.frombuffer(data, ">u4", count * 3, first).reshape(count, 3)


def _dref(track: Track, data: bytes, body: int, end: int) -> None:
    boxes, _ = children(data, body + 8, end)
    track.external = bool(boxes) and not data[boxes[0].start + boxes[0].header + 3] & 1


def _spread(track: Track) -> None:
    """Turn runs of (first chunk, samples a chunk) into one count for each chunk."""
    chunks, runs = int(track.chunk_offsets.size), track.per_chunk
    if runs.ndim != 2 or not len(runs):
        track.per_chunk = np.zeros(chunks, np.int64)
        return
    firsts = runs[:, 0].astype(np.int64)
    if firsts[0] != 1 or np.any(np.diff(firsts) <= 0) or (chunks and firsts[-1] > chunks):
        raise TableError("The sample-to-chunk table is damaged")
    lengths = np.diff(np.append(firsts, chunks + 1))
    track.per_chunk = np.repeat(runs[:, 1].astype(np.int64), lengths)


_READERS = {
    b"mdhd": _mdhd, b"tkhd": _tkhd, b"hdlr": _hdlr, b"stsd": _stsd, b"stts": _stts, b"ctts": _ctts, b"stss": _stss,
    b"stsz": _stsz, b"stz2": _stz2, b"stco": _stco, b"co64": _co64, b"stsc": _stsc, b"dref": _dref,
}  # fmt: skip
