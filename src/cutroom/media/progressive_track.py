"""One track of a ladder as a progressive MP4 describes it: its samples, out of the tables of its segments."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media.boxes import Box, box, boxes, decode_time, find, full_box, timescale, track_runs

_HEAD_BYTES = 1 << 14  # of a segment: enough for the table of a few hundred frames
_NOT_SYNC = 0x10000  # in a sample's flags
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of one segment file."""

    file: str  # as in `TrackFiles.segments`
    offset: int
    size: int


class TrackFiles(msgspec.Struct, frozen=True, kw_only=True):
    """One track of a ladder, as its media playlist lists it; names are relative to one folder."""

    init: str
    segments: list[str]


class SegmentHead(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in one segment, in the order of its samples; times are in ticks of the track."""

    time: int  # of the first sample
    offset: int  # bytes from the start of the file to the first sample
    sizes: tuple[int, ...]  # bytes
    durations: tuple[int, ...]
    flags: tuple[int, ...]

    @property
    def end(self) -> int:
        """When the last sample ends."""
        return self.time + sum(self.durations)


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    track: int
    start: Fraction  # seconds
    samples: int
    piece: Piece


class Track:
    """One track's samples, collected from its segments."""

    def __init__(self, folder: Path, files: TrackFiles, number: int) -> None:
        self._init = (folder / files.init).read_bytes()
        trak = next(find(self._init, b"moov", b"trak"), None)
        if trak is None:
            raise unfit(folder / files.init, "its init segment describes no track")
        self._trak = trak
        self.number = number
        self.sound = self._part(trak, b"mdia", b"hdlr")[16:20] == b"soun"
        self.timescale = track_timescale(self._init)
        self.chunks: list[Chunk] = []
        self._times: list[int] = []
        self._durations: list[int] = []
        self._sizes: list[int] = []
        self._syncs: list[int] = []
        for name in files.segments:
            self._read(folder / name, name)
        if not self._sizes:
            raise unfit(folder / files.init, "it has no segment")

    def _read(self, path: Path, name: str) -> None:
        head = read_segment_head(path)
        if self._times:  # a stretch without frames lengthens the frame before it
            self._durations[-1] = max(1, head.time - self._times[-1])
        piece = Piece(name, head.offset, sum(head.sizes))
        start = Fraction(head.time, self.timescale)
        self.chunks.append(Chunk(track=self.number, start=start, samples=len(head.sizes), piece=piece))
        self._syncs += [len(self._sizes) + at for at, flags in enumerate(head.flags) if not flags & _NOT_SYNC]
        self._durations += head.durations
        self._sizes += head.sizes
        time = head.time
        for duration in head.durations:
            self._times.append(time)
            time += duration

    @property
    def length(self) -> Fraction:
        """Seconds from the presentation's zero to the end of the last sample."""
        return Fraction(self._times[-1] + self._durations[-1], self.timescale)

    def trak(self, offsets: Sequence[int], *, movie_scale: int, wide: bool, enabled: bool) -> bytes:
        """Its description, with the place of each chunk in the file."""
        track, sound = self._trak, self.sound
        media_ticks = sum(self._durations)
        late = self._times[0]
        length = round(self.length * movie_scale)
        edits = b""
        if late:
            entries = struct.pack(">QqhhQqhh", round(Fraction(late * movie_scale, self.timescale)), -1, 1, 0,
                                  round(Fraction(media_ticks * movie_scale, self.timescale)), 0, 1, 0)  # fmt: skip
            edits = box(b"edts", full_box(b"elst", 1, 0, struct.pack(">I", 2), entries))
        header = self._part(track, b"tkhd")
        flags = 3 if enabled else 2
        language = self._part(track, b"mdia", b"mdhd")[-4:]
        return box(
            b"trak",
            full_box(
                b"tkhd", 1, flags,
                struct.pack(">QQIIQ8xHHH2x", 0, 0, self.number, 0, length, 0, int(sound), 0x100 if sound else 0),
                _MATRIX, header[-8:],
            ),
            edits,
            box(
                b"mdia",
                full_box(b"mdhd", 1, 0, struct.pack(">QQIQ", 0, 0, self.timescale, media_ticks), language),
                self._part(track, b"mdia", b"hdlr"),
                box(
                    b"minf",
                    self._part(track, b"mdia", b"minf", b"smhd" if sound else b"vmhd"),
                    self._part(track, b"mdia", b"minf", b"dinf"),
                    self._table(track, offsets, sound=sound, wide=wide),
                ),
            ),
        )  # fmt: skip

    def _table(self, track: Box, offsets: Sequence[int], *, sound: bool, wide: bool) -> bytes:
        counts = np.array([chunk.samples for chunk in self.chunks], dtype=np.int64)
        firsts, values = _runs(counts)
        chunks = np.stack([firsts + 1, values, np.ones_like(values)], axis=1)
        starts, durations = _runs(np.array(self._durations, dtype=np.int64))
        spans = np.stack([np.diff(np.append(starts, len(self._durations))), durations], axis=1)
        places = np.array(offsets, dtype=">u8" if wide else ">u4").tobytes()
        sync = b"" if sound else full_box(b"stss", 0, 0, _count(self._syncs), _words(np.array(self._syncs) + 1))
        return box(
            b"stbl",
            self._part(track, b"mdia", b"minf", b"stbl", b"stsd"),
            full_box(b"stts", 0, 0, _count(spans), _words(spans)),
            sync,
            full_box(b"stsc", 0, 0, _count(chunks), _words(chunks)),
            full_box(b"stsz", 0, 0, bytes(4), _count(self._sizes), _words(np.array(self._sizes))),
            full_box(b"co64" if wide else b"stco", 0, 0, _count(offsets), places),
        )

    def _part(self, track: Box, *path: bytes) -> bytes:
        """A box of the init segment as it stands."""
        found = next(find(self._init, *path, within=track), None)
        if found is None:
            raise unfit(Path("init.mp4"), "its init segment is not complete")
        return self._init[found.start : found.end]


def track_timescale(init: bytes) -> int:
    """Ticks a second of the track that an init segment describes."""
    return timescale(init) or 1


def read_segment_head(path: Path) -> SegmentHead:
    """The table of a segment that `ladder.fragments.media_segment` wrote; raises `proxy.incomplete` for any other."""
    data = _head_of(path)
    moof = next((item for item in boxes(data) if item.kind == b"moof"), None)
    traf = next(find(data, b"traf", within=moof), None) if moof is not None else None
    time = decode_time(data, traf) if traf is not None else None
    runs = track_runs(data, traf) if traf is not None else []
    offset = runs[0].data_offset if len(runs) == 1 else None
    if moof is None or time is None or offset is None:
        raise unfit(path, "it is no fragment of Cutroom's own")
    run = runs[0]
    if not run.count == len(run.durations) == len(run.sizes) == len(run.flags):
        raise unfit(path, "its table is not complete")
    head = SegmentHead(time=time, offset=moof.start + offset, sizes=run.sizes, durations=run.durations, flags=run.flags)
    if path.stat().st_size < head.offset + sum(head.sizes):
        raise unfit(path, "it is cut off")
    return head


def _head_of(path: Path) -> bytes:
    """The beginning of a segment, up to the end of its `moof` at least."""
    with path.open("rb", buffering=0) as file:
        data = file.read(_HEAD_BYTES)
        at = data.find(b"moof")
        if at >= 4:
            end = at - 4 + int.from_bytes(data[at - 4 : at], "big")
            while len(data) < end and (more := file.read(end - len(data))):
                data += more
        return data


def _runs(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each run of equal values begins, and its value."""
    firsts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    return firsts, values[firsts]


def _count(rows: Sequence[object] | NDArray[np.int64]) -> bytes:
    return struct.pack(">I", len(rows))


def _words(values: NDArray[np.int64]) -> bytes:
    return values.astype(">u4").tobytes()


def unfit(path: Path, reason: str) -> CutroomError:
    """The error for a ladder whose files are not what they should be."""
    return CutroomError(
        "proxy.incomplete",
        f"The proxy's {path.parent.name}/{path.name} cannot be joined: {reason}.",
        hint="Make the proxy again.",
        kind=ErrorKind.UNAVAILABLE,
    )
