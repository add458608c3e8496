"""Boxes: what is written is read back, and what is broken ends quietly."""

from __future__ import annotations

import struct
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cutroom.media.boxes import (
    box,
    boxes,
    decode_time,
    edits,
    find,
    fragments,
    full_box,
    timescale,
    track_runs,
)


def test_boxes_side_by_side() -> None:
    data = box(b"free", b"abc") + box(b"mdat")
    assert [(item.kind, item.start, item.payload, item.end) for item in boxes(data)] == [
        (b"free", 0, 8, 11),
        (b"mdat", 11, 19, 19),
    ]


def test_long_and_open_sizes() -> None:
    long = struct.pack(">I4sQ", 1, b"mdat", 20) + b"1234"
    rest = struct.pack(">I4s", 0, b"free") + b"xy"
    assert [(item.kind, item.size) for item in boxes(long + rest)] == [(b"mdat", 20), (b"free", 10)]


def test_ends_at_what_is_not_whole() -> None:
    assert [item.kind for item in boxes(box(b"ftyp") + box(b"moov", bytes(90))[:-1])] == [b"ftyp"]
    assert list(boxes(struct.pack(">I4s", 7, b"free") + bytes(20))) == []
    assert list(boxes(struct.pack(">I4s", 1, b"mdat"))) == []


@given(st.binary(max_size=200))
def test_any_bytes_are_walked(data: bytes) -> None:
    found = list(boxes(data))
    assert all(first.end == after.start for first, after in pairwise(found))
    assert all(item.payload <= item.end <= len(data) for item in found)
    assert isinstance(edits(box(b"moov", box(b"trak", box(b"edts", box(b"elst", data + bytes(8)))))), list)


@given(st.binary(max_size=120))
def test_any_bytes_in_a_run_are_read(data: bytes) -> None:
    moof = box(b"moof", box(b"traf", box(b"trun", bytes(8) + data)))
    (traf,) = find(moof, b"moof", b"traf")
    (run,) = track_runs(moof, traf)
    assert run.count == 0


def test_edit_lists_of_both_versions() -> None:
    short = full_box(b"elst", 0, 0, struct.pack(">IIihh", 1, 500, -1, 1, 0))
    long = full_box(b"elst", 1, 0, struct.pack(">IQqhh", 1, 900, 1024, 1, 0))
    data = box(b"moov", box(b"trak", box(b"edts", short)), box(b"trak", box(b"edts", long)))
    assert [(edit.duration, edit.media_time) for edit in edits(data)] == [(500, -1), (900, 1024)]


def test_fragments_are_split_before_each_moof() -> None:
    init, one, two = box(b"ftyp") + box(b"moov"), box(b"moof") + box(b"mdat", b"1"), box(b"moof") + box(b"mdat", b"22")
    assert list(fragments(init + one + two)) == [init, one, two]


def test_a_run_with_every_field() -> None:
    rows = struct.pack(">IIIi", 10, 100, 0, -5) + struct.pack(">IIIi", 20, 200, 7, 5)
    trun = full_box(b"trun", 1, 0xF05, struct.pack(">IiI", 2, 64, 0x02000000), rows)
    data = box(b"moof", box(b"traf", full_box(b"tfdt", 0, 0, struct.pack(">I", 77)), trun))
    (traf,) = find(data, b"moof", b"traf")
    (run,) = track_runs(data, traf)
    assert decode_time(data, traf) == 77
    assert (run.data_offset, run.durations, run.sizes) == (64, (10, 20), (100, 200))
    assert (run.flags, run.offsets) == ((0x02000000, 7), (-5, 5))


def test_timescale_of_both_versions() -> None:
    for version, before in ((0, 8), (1, 16)):
        mdhd = full_box(b"mdhd", version, 0, bytes(before), struct.pack(">I", 90_000), bytes(8))
        assert timescale(box(b"moov", box(b"trak", box(b"mdia", mdhd)))) == 90_000
    assert timescale(box(b"moov")) is None
