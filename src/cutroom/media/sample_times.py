"""When every frame of an MP4 or MOV is shown, from its sample tables: an hour takes a fraction of a second.

The tables alone do not tell what an edit list leaves of them, so libav's own view is laid beside them: the first and
the last packets must agree with the tables after one constant shift, and so must the number of frames that are shown.
Where they do not, the caller has to read the file.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard
from av.video.stream import VideoStream
from numpy.typing import NDArray

from cutroom.media.containers.byte_file import ByteFile
from cutroom.media.containers.isobmff_boxes import Box, children, first, read_box
from cutroom.media.containers.isobmff_track import TableError, Track, read_track
from cutroom.media.regular import open_regular
from cutroom.media.source import packets

Times = NDArray[np.int64]

_HEAD = 48  # packets compared at either end
_MOST_MOOV = 256 << 20
_TAIL_SECONDS = 2


class FrameTimes(msgspec.Struct, frozen=True, kw_only=True):
    """The shown frames of a source in its own ticks."""

    pts: Any  # int64 array, strictly growing
    last_duration: int  # of the last frame; 0: not told


def times_from_tables(path: Path, container: InputContainer, stream: VideoStream) -> FrameTimes | None:
    """The frames by the file's index; None where there is no whole index, or it and libav disagree.

    Moves the container's reading position.
    """
    if not container.format.name.startswith("mov") or stream.frames <= 0:
        return None
    entries = stream.index_entries
    if len(entries) < 1:
        return None
    try:
        raw, steps = _tables(path, stream)
        return _checked(container, stream, raw, steps)
    except (OSError, av.FFmpegError, TableError, struct.error, ValueError, IndexError, OverflowError):
        return None


def _tables(path: Path, stream: VideoStream) -> tuple[Times, Times]:
    """Presentation time and duration of every sample in decoding order, before any edit list."""
    with open_regular(path) as file:
        moov = _moov(ByteFile(file.fileno()))
    header = read_box(moov, 0, len(moov))
    if header is None:
        raise TableError("The movie header is cut off")
    boxes = children(moov, header.header, len(moov))[0]
    tracks = (box for box in boxes if box.type == b"trak")
    track = next(found for found in (_video(moov, box) for box in tracks) if found and found.id == stream.id)
    if Fraction(1, track.timescale) != stream.time_base or track.samples < 1:
        raise TableError("The track is not the one that libav sees")
    steps = np.repeat(track.time_deltas.astype(np.int64), track.time_counts.astype(np.int64))
    offsets = np.zeros(len(steps), np.int64)
    if track.offset_count is not None:
        spread = np.repeat(track.offsets.astype(np.int64), track.offset_counts.astype(np.int64))
        if len(spread) != len(steps):
            raise TableError("The tables differ in length")
        offsets = spread
    return np.cumsum(steps) - steps + offsets, steps


def _video(moov: bytes, box: Box) -> Track | None:
    mdia = first(children(moov, box.start + box.header, box.end)[0], b"mdia")
    hdlr = mdia and first(children(moov, mdia.start + mdia.header, mdia.end)[0], b"hdlr")
    if not hdlr or moov[hdlr.start + hdlr.header + 8 : hdlr.start + hdlr.header + 12] != b"vide":
        return None
    return read_track(moov, box, 0)


def _moov(file: ByteFile) -> bytes:
    position = 0
    while position < file.size:
        box = read_box(file.read(position, 16), 0, file.size - position, position)
        if box is None or box.end > file.size:
            break
        if box.type == b"moov":
            if box.size > _MOST_MOOV:
                break
            return file.read(box.start, box.size)
        position = box.end
    raise TableError("There is no whole movie header")


def _checked(container: InputContainer, stream: VideoStream, raw: Times, steps: Times) -> FrameTimes | None:
    """The tables as far as libav shows them, when both ends and the count agree."""
    hidden = sum(entry.is_discard for entry in stream.index_entries)
    samples = len(stream.index_entries)
    if samples > len(raw):
        return None
    others = [other for other in container.streams if other.index != stream.index]
    discards = [other.discard for other in others]
    try:
        for other in others:
            other.discard = Discard.all
        start = stream.start_time or 0
        container.seek(start, stream=stream)
        head = [packet for packet in islice(packets(container, stream), _HEAD) if packet.size]
        container.seek(start + _ticks_before_end(stream), stream=stream)
        tail = [packet for packet in packets(container, stream) if packet.size]
    finally:
        for other, discard in zip(others, discards, strict=True):
            other.discard = discard
    if not head or not tail or head[0].pts is None:
        return None
    shift = head[0].pts - int(raw[0])
    placed = raw[:samples] + shift
    tail = tail[-samples:]
    if not _agree(head, placed[: len(head)]) or not _agree(tail, placed[samples - len(tail) :]):
        return None
    keep = np.ones(samples, bool)
    keep[: len(head)] = [not packet.is_discard for packet in head]
    keep[samples - len(tail) :] &= [not packet.is_discard for packet in tail]
    if int((~keep).sum()) != hidden:
        return None
    order = np.argsort(placed[keep], kind="stable")
    pts = placed[keep][order]
    if not len(pts) or np.any(np.diff(pts) <= 0):
        return None
    return FrameTimes(pts=pts, last_duration=int(steps[:samples][keep][order][-1]))


def _ticks_before_end(stream: VideoStream) -> int:
    base = stream.time_base or Fraction(1)
    return max(0, (stream.duration or 0) - int(_TAIL_SECONDS / base))


def _agree(seen: list[Packet[Any]], expected: Times) -> bool:
    times: list[int] = expected.tolist()
    return [packet.pts for packet in seen] == times
