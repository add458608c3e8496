"""The movie header of MP4 and MOV: required boxes, and sample tables that agree with each other and with the data."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from cutroom.media.containers.fault import Fault
from cutroom.media.containers.isobmff_boxes import Box, Extent, children, first
from cutroom.media.containers.isobmff_track import TableError, Track, chunk_extents, read_track

_NEEDED = {
    b"trak": (b"tkhd", b"mdia"),
    b"mdia": (b"mdhd", b"hdlr", b"minf"),
    b"minf": (b"stbl",),
    b"stbl": (b"stsd", b"stts", b"stsc"),
}
_HOLDERS = {b"trak", b"edts", b"mdia", b"minf", b"dinf", b"stbl", b"mvex"}
_TOLERANCE = 2  # samples by which real files with edit lists are off


class Movie:
    """What the movie header says: faults, tracks in file order, and how long it claims to be."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.tracks: list[Track] = []
        self.duration_seconds: float | None = None
        self.timescale = 0
        self.external = False


def check_movie(data: bytes, moov: Box, mdats: list[Extent], file_size: int) -> Movie:
    """Check the bytes of a whole moov box against where the file's data boxes lie."""
    movie = Movie()
    boxes = _tile(movie, data, moov.header, len(data), moov.start, b"moov")
    header = first(boxes, b"mvhd")
    if header is None:
        _fault(movie, "mp4.box-missing", "The movie header box (mvhd) is missing.", moov.start)
    else:
        _movie_header(movie, data, header)
    fragmented = first(boxes, b"mvex") is not None
    extents: list[tuple[int, np.ndarray[Any, Any], np.ndarray[Any, Any]]] = []
    for index, box in enumerate(box for box in boxes if box.type == b"trak"):
        if not _contents(movie, data, box, moov.start, index):
            continue
        try:
            track = read_track(data, box, index)
        except TableError as error:
            _fault(movie, "mp4.bad-table", f"{error} (track {index}).", moov.start + box.start, index)
            continue
        except (struct.error, ValueError, IndexError, OverflowError):
            _fault(movie, "mp4.bad-table", f"The tables of track {index} are damaged.", moov.start + box.start, index)
            continue
        movie.tracks.append(track)
        movie.external = movie.external or track.external
        if track.encrypted:
            text = "The stream is encrypted, so its content cannot be checked."
            _fault(movie, "stream.encrypted", text, moov.start + box.start, index)
        _counts(movie, track, moov.start + box.start)
        if track.samples and not track.external:
            starts, ends = chunk_extents(track)
            _inside(movie, track, starts, ends, mdats, file_size)
            extents.append((index, starts, ends))
    if not movie.tracks and not movie.faults:
        _fault(movie, "mp4.no-samples", "The movie header declares no track.", moov.start)
    if not fragmented:
        _overlaps(movie, extents)
    return movie


def _tile(movie: Movie, data: bytes, start: int, end: int, base: int, holder: bytes) -> list[Box]:
    boxes, broken = children(data, start, end)
    odd = next((box.start for box in boxes if not all(byte >= 0x20 for byte in box.type)), None)
    broken = broken if broken is not None else odd
    if broken is not None:
        name = holder.decode("latin-1")
        _fault(
            movie, "mp4.bad-box", f"The contents of the {name} box are damaged at byte {base + broken}.", base + broken
        )
    return boxes


def _contents(movie: Movie, data: bytes, box: Box, base: int, index: int) -> bool:
    """Whether a track's boxes tile each other and the needed ones are there."""
    before = len(movie.faults)
    pending = [box]
    while pending:
        holder = pending.pop()
        inner = _tile(movie, data, holder.start + holder.header, holder.end, base, holder.type)
        kinds = {child.type for child in inner}
        for name in _NEEDED.get(holder.type, ()):
            if name not in kinds:
                text = f"The {name.decode()} box of track {index} is missing."
                _fault(movie, "mp4.box-missing", text, base + holder.start, index)
        if holder.type == b"stbl" and not (kinds & {b"stsz", b"stz2"} and kinds & {b"stco", b"co64"}):
            _fault(movie, "mp4.box-missing", f"A sample table of track {index} is missing.", base + holder.start, index)
        pending += [child for child in inner if child.type in _HOLDERS]
    return len(movie.faults) == before


def _movie_header(movie: Movie, data: bytes, box: Box) -> None:
    body = box.start + box.header
    if data[body] == 1 and box.size >= 40:
        scale, duration = struct.unpack_from(">IQ", data, body + 20)
    elif box.size >= 28:
        scale, duration = struct.unpack_from(">II", data, body + 12)
    else:
        scale = duration = 0
    movie.timescale = scale
    if scale and duration not in (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF):
        movie.duration_seconds = duration / scale or None


def _counts(movie: Movie, track: Track, offset: int) -> None:
    """The tables count the same samples, and their times add up to the track's length."""

    def report(code: str, text: str) -> None:
        _fault(movie, code, f"{text} (track {track.index}).", offset, track.index)

    in_chunks = int(track.per_chunk.sum())
    if abs(in_chunks - track.samples) > _TOLERANCE:
        report("mp4.table-mismatch", f"The chunks hold {in_chunks} samples, but {track.samples} are declared")
    timed = int(track.time_counts.sum())
    if abs(timed - track.samples) > _TOLERANCE:
        report("mp4.table-mismatch", f"{timed} samples have a time, but {track.samples} are declared")
    if track.offset_count is not None and abs(track.offset_count - track.samples) > _TOLERANCE:
        text = f"{track.offset_count} samples have a display offset, but {track.samples} are declared"
        report("mp4.table-mismatch-minor", text)
    sync = track.sync
    if sync is not None and sync.size:
        ordered = bool(np.all(np.diff(sync.astype(np.int64)) > 0))
        if not ordered or int(sync[0]) < 1 or int(sync.max()) > track.samples + _TOLERANCE:
            report("mp4.bad-keyframe-list", "The list of keyframes is damaged")
    length = int((track.time_counts.astype(np.int64) * track.time_deltas.astype(np.int64)).sum())
    if track.timescale and track.duration and track.samples > 1 and track.duration != 0xFFFFFFFF:
        off = abs(length - track.duration) / track.timescale
        if off > max(1.0, 0.05 * track.duration / track.timescale):
            report("mp4.duration-mismatch", f"The times of the samples and the declared length differ by {off:.1f} s")


def _inside(movie: Movie, track: Track, starts: Any, ends: Any, mdats: list[Extent], file_size: int) -> None:
    """Every chunk lies inside the file, and inside one data box."""
    beyond = np.flatnonzero(ends > file_size)
    if beyond.size:
        at = track.chunk_seconds(int(beyond[0]))
        share = f"{beyond.size} of {starts.size} chunks of track {track.index} lie behind the end of the file."
        fault = Fault(
            code="mp4.samples-beyond-end", message=share, stream=track.index, start_seconds=at,
            end_seconds=track.seconds, byte_offset=int(starts[beyond[0]]),
        )  # fmt: skip
        movie.faults.append(fault)
    if not mdats:
        return
    left = np.array([extent.start for extent in mdats], np.int64)
    right = np.array([extent.end for extent in mdats], np.int64)
    order = np.argsort(left)
    slot = np.clip(np.searchsorted(left[order], starts, "right") - 1, 0, None)
    outside = (starts < left[order][slot]) | (np.minimum(ends, file_size) > right[order][slot])
    wrong = np.flatnonzero(outside & (starts < ends) & (ends <= file_size))
    if wrong.size:
        text = f"{wrong.size} of {starts.size} chunks of track {track.index} point outside the file's data."
        at = track.chunk_seconds(int(wrong[0]))
        movie.faults.append(
            Fault(
                code="mp4.samples-outside-data",
                message=text,
                stream=track.index,
                start_seconds=at,
                byte_offset=int(starts[wrong[0]]),
            )
        )


def _overlaps(movie: Movie, extents: list[tuple[int, Any, Any]]) -> None:
    """No two chunks share bytes (two tracks that name exactly the same bytes do)."""
    if not extents:
        return
    starts = np.concatenate([entry[1] for entry in extents])
    ends = np.concatenate([entry[2] for entry in extents])
    pairs = np.unique(np.stack([starts, ends], axis=1)[starts < ends], axis=0)
    if len(pairs) < 2:
        return
    reach = np.maximum.accumulate(pairs[:, 1])[:-1]
    wrong = np.flatnonzero(pairs[1:, 0] < reach)
    if wrong.size:
        offset = int(pairs[wrong[0] + 1, 0])
        _fault(movie, "mp4.chunks-overlap", f"{wrong.size} chunks overlap others, first at byte {offset}.", offset)


def _fault(movie: Movie, code: str, message: str, offset: int, stream: int | None = None) -> None:
    movie.faults.append(Fault(code=code, message=message, byte_offset=offset, stream=stream))
