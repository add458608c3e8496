"""When the samples of an MP4 are decoded and shown, by its tables (ISO/IEC 14496-12, 8.6.1)."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cutroom.media.boxes import Box, find
from cutroom.media.regular import open_regular

_MOST_HEADER = 1 << 28  # bytes of a movie header; ten hours at 60 frames a second take some 60 million
_MOST_BOXES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleTimes:
    """Of each sample of a track, in its ticks."""

    lengths: NDArray[np.int64]
    offsets: NDArray[np.int64]  # of being shown behind being decoded


def sample_times(path: Path, track: int, samples: int) -> SampleTimes | None:
    """The times of the track with this id; None when the tables do not hold just `samples` of them."""
    header = _movie_header(path)
    try:
        for trak in find(header, b"moov", b"trak"):
            if any(_track_id(header, tkhd) == track for tkhd in find(header, b"tkhd", within=trak)):
                return _times(header, trak, samples)
    except (struct.error, IndexError):
        return None
    return None


def _track_id(header: bytes, tkhd: Box) -> int:
    wide = header[tkhd.payload] == 1
    return int(struct.unpack_from(">I", header, tkhd.payload + (20 if wide else 12))[0])


def _times(header: bytes, trak: Box, samples: int) -> SampleTimes | None:
    tables = {
        kind: next(find(header, b"mdia", b"minf", b"stbl", kind, within=trak), None) for kind in (b"stts", b"ctts")
    }
    lengths = _expanded(header, tables[b"stts"], samples)
    offsets = np.zeros(samples, np.int64) if tables[b"ctts"] is None else _expanded(header, tables[b"ctts"], samples)
    return None if lengths is None or offsets is None else SampleTimes(lengths=lengths, offsets=offsets)


def _expanded(header: bytes, table: Box | None, samples: int) -> NDArray[np.int64] | None:
    """The value of each sample, from runs of equal ones."""
    if table is None:
        return None
    (count,) = struct.unpack_from(">I", header, table.payload + 4)
    start = table.payload + 8
    if start + 8 * count > table.end:
        return None
    runs = np.frombuffer(header, ">u4", 2 * count, start).reshape(-1, 2)
    # Version 0 of offsets says unsigned, and some writers mean signed all the same, as libav reads it.
    values = np.ascontiguousarray(runs[:, 1]).view(">i4").astype(np.int64)
    if int(runs[:, 0].sum(dtype=np.uint64)) != samples:
        return None
    return np.repeat(values, runs[:, 0].astype(np.int64))


def _movie_header(path: Path) -> bytes:
    with open_regular(path) as file:
        descriptor, at, size = file.fileno(), 0, os.fstat(file.fileno()).st_size
        for _ in range(_MOST_BOXES):
            head = os.pread(descriptor, 16, at)
            if len(head) < 16:
                return b""
            length, kind = struct.unpack_from(">I4s", head)
            if length == 1:
                (length,) = struct.unpack_from(">Q", head, 8)
            length = length or size - at
            if kind == b"moov":
                return os.pread(descriptor, length, at) if length <= _MOST_HEADER else b""
            if length < 8:
                return b""
            at += length
    return b""
