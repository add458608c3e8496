"""ISO base media file format boxes: a reader for walking a file's tree, and the one function that writes a box.

The reader takes bytes, never trusts a size, and yields what is whole; it is meant for headers and fragments that fit in
memory (an init segment, a media segment, a `moov`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise

import msgspec

CONTAINERS = frozenset(
    (b"moov", b"trak", b"edts", b"mdia", b"minf", b"dinf", b"stbl", b"mvex", b"moof", b"traf", b"mfra", b"udta")
)
"""Boxes whose payload is nothing but boxes."""


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """One box; offsets are bytes from the start of the buffer it was found in."""

    kind: bytes  # four characters: b"moof"
    start: int  # where its header begins
    payload: int  # where its payload begins
    end: int  # one past its last byte

    @property
    def size(self) -> int:
        """Bytes of header and payload."""
        return self.end - self.start


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of an edit list."""

    duration: int  # in units of the movie's timescale
    media_time: int  # in units of the track's timescale; -1: an empty edit


class TrackRun(msgspec.Struct, frozen=True, kw_only=True):
    """One `trun`: the samples of a fragment, each field as written (absent ones come from `tfhd` or `trex`)."""

    data_offset: int | None  # bytes from the start of the `moof` when `default-base-is-moof` is set
    durations: tuple[int, ...]
    sizes: tuple[int, ...]
    flags: tuple[int, ...]
    offsets: tuple[int, ...]  # composition time minus decode time
    count: int


def box(kind: bytes, *payload: bytes) -> bytes:
    """A box of the parts of its payload, joined."""
    size = 8 + sum(map(len, payload))
    return b"".join((struct.pack(">I4s", size, kind), *payload))


def full_box(kind: bytes, version: int, flags: int, *payload: bytes) -> bytes:
    """A box that begins with a version and 24 bits of flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *payload)


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes side by side in `data[start:end]`; ends quietly at the first one that is not whole."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        payload = start + 8
        if size == 1:
            if start + 16 > end:
                return
            (size,) = struct.unpack_from(">Q", data, start + 8)
            payload = start + 16
        elif size == 0:
            size = end - start
        if size < payload - start or start + size > end:
            return
        yield Box(kind=kind, start=start, payload=payload, end=start + size)
        start += size


def find(data: bytes, *path: bytes, within: Box | None = None) -> Iterator[Box]:
    """Every box at `path`, e.g. `find(data, b"moov", b"trak", b"edts", b"elst")`, in file order."""
    start, end = (0, None) if within is None else (within.payload, within.end)
    for item in boxes(data, start, end):
        if item.kind != path[0]:
            continue
        if len(path) == 1:
            yield item
        elif item.kind in CONTAINERS:
            yield from find(data, *path[1:], within=item)


def fragments(data: bytes) -> Iterator[bytes]:
    """Split a fragmented file: first everything before the first `moof`, then each `moof` with what follows it."""
    starts = [item.start for item in boxes(data) if item.kind == b"moof"]
    edges = [0, *starts, len(data)]
    for first, last in pairwise(edges):
        yield data[first:last]


def edits(data: bytes) -> list[Edit]:
    """The entries of every edit list under `moov`; empty when no track has one."""
    found = []
    for item in find(data, b"moov", b"trak", b"edts", b"elst"):
        version, count = data[item.payload], struct.unpack_from(">I", data, item.payload + 4)[0]
        layout = ">Qqhh" if version == 1 else ">Iihh"
        step = struct.calcsize(layout)
        for index in range(min(count, (item.end - item.payload - 8) // step)):
            duration, media_time, _, _ = struct.unpack_from(layout, data, item.payload + 8 + index * step)
            found.append(Edit(duration=duration, media_time=media_time))
    return found


def decode_time(data: bytes, traf: Box) -> int | None:
    """`tfdt` of a track fragment: the decode time of its first sample in the track's timescale."""
    for item in find(data, b"tfdt", within=traf):
        layout = ">Q" if data[item.payload] == 1 else ">I"
        return int(struct.unpack_from(layout, data, item.payload + 4)[0])
    return None


def track_runs(data: bytes, traf: Box) -> list[TrackRun]:
    """The `trun` boxes of a track fragment, field by field."""
    return [_track_run(data, item) for item in find(data, b"trun", within=traf)]


def _track_run(data: bytes, item: Box) -> TrackRun:
    (head, count), at = struct.unpack_from(">II", data, item.payload), item.payload + 8
    version, present = head >> 24, head & 0xFFFFFF
    data_offset = None
    if present & 0x1:
        (data_offset,) = struct.unpack_from(">i", data, at)
        at += 4
    first_flags: int | None = None
    if present & 0x4:
        (first_flags,) = struct.unpack_from(">I", data, at)
        at += 4
    fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if present & bit]
    step = 4 * len(fields)
    count = min(count, (item.end - at) // step) if step else count
    words = struct.unpack_from(f">{count * len(fields)}I", data, at)
    columns = {bit: words[index :: len(fields)] for index, bit in enumerate(fields)}
    offsets = columns.get(0x800, ())
    if version == 1:
        offsets = tuple(word - (1 << 32) if word >> 31 else word for word in offsets)
    flags = columns.get(0x400, ())
    if first_flags is not None:
        flags = (first_flags, *flags[1:])
    return TrackRun(
        data_offset=data_offset,
        durations=columns.get(0x100, ()),
        sizes=columns.get(0x200, ()),
        flags=flags,
        offsets=offsets,
        count=count,
    )


def timescale(data: bytes) -> int | None:
    """Ticks a second of the first track, from its `mdhd`."""
    for item in find(data, b"moov", b"trak", b"mdia", b"mdhd"):
        at = item.payload + (20 if data[item.payload] == 1 else 12)
        return int(struct.unpack_from(">I", data, at)[0])
    return None
