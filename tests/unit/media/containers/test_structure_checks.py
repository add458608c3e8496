"""Structure checkers on bytes made by hand: each kind of break is named and placed."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from cutroom.media.containers import ByteFile, check_structure, identify
from cutroom.media.containers.crc import crc32_forward
from cutroom.media.containers.ebml import read_element


def codes(path: Path, data: bytes, format: str | None = None) -> list[str]:
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        structure = check_structure(ByteFile(descriptor), format)
        return [] if structure is None else [fault.code for fault in structure.faults]
    finally:
        os.close(descriptor)


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


FTYP = box(b"ftyp", b"isom\0\0\2\0isom")


def moov(offsets: list[int], sizes: list[int], *, timed: int | None = None) -> bytes:
    """A movie of one track whose every chunk is one sample."""
    count = len(sizes)
    mdhd = box(b"mdhd", struct.pack(">IIIIIHH", 0, 0, 0, 25, count, 0, 0))
    stsd = box(b"stsd", struct.pack(">II", 0, 1), box(b"avc1", bytes(78)))
    stts = box(b"stts", struct.pack(">IIII", 0, 1, count if timed is None else timed, 1))
    stsc = box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1))
    stsz = box(b"stsz", struct.pack(f">III{count}I", 0, 0, count, *sizes))
    stco = box(b"stco", struct.pack(f">II{count}I", 0, count, *offsets))
    dinf = box(b"dinf", box(b"dref", struct.pack(">II", 0, 1), box(b"url ", b"\0\0\0\1")))
    hdlr = box(b"hdlr", struct.pack(">II4s", 0, 0, b"vide"), bytes(13))
    minf = box(b"minf", dinf, box(b"stbl", stsd, stts, stsc, stsz, stco))
    tkhd = box(b"tkhd", struct.pack(">IIII", 0, 0, 0, 1), bytes(68))
    mvhd = box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 25, count), bytes(80))
    return box(b"moov", mvhd, box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, minf)))


DATA = bytes(range(256)) * 4
FIRST = len(FTYP) + 8
SOUND = [FIRST, FIRST + 100, FIRST + 300]
SIZES = [100, 200, 300]


def test_a_sound_film_has_no_fault(tmp_path):
    film = FTYP + box(b"mdat", DATA) + moov(SOUND, SIZES)
    assert codes(tmp_path / "a.mp4", film) == []
    assert codes(tmp_path / "a.mp4", film + b"\0\0\0") == []


@pytest.mark.parametrize(
    ("film", "code"),
    [
        (FTYP + box(b"mdat", DATA), "mp4.moov-missing"),
        ((FTYP + box(b"mdat", DATA) + moov(SOUND, SIZES))[:-40], "mp4.moov-cut"),
        (FTYP + box(b"mdat", DATA) + moov([*SOUND[:2], 90_000], SIZES), "mp4.samples-beyond-end"),
        (FTYP + box(b"mdat", DATA) + moov([4, *SOUND[1:]], SIZES), "mp4.samples-outside-data"),
        (FTYP + box(b"mdat", DATA) + moov([FIRST, FIRST + 50, FIRST + 300], SIZES), "mp4.chunks-overlap"),
        (FTYP + box(b"mdat", DATA) + moov(SOUND, SIZES, timed=9), "mp4.table-mismatch"),
        (FTYP + box(b"mdat", DATA) + moov(SOUND, SIZES).replace(b"stsc", b"free"), "mp4.box-missing"),
        (FTYP + box(b"mdat", DATA) + moov(SOUND, SIZES).replace(b"minf", b"\1\2\3\4"), "mp4.bad-box"),
        (FTYP + b"\x01\x02\x03\x04\x05\x06\x07\x08" + box(b"mdat", DATA) + moov(SOUND, SIZES), "mp4.bad-box"),
        (FTYP + moov([], []) + box(b"mdat", DATA), "mp4.no-samples"),
    ],
)
def test_each_break_of_a_film_has_its_name(tmp_path, film, code):
    assert code in codes(tmp_path / "a.mp4", film)


def tag(kind: int, body: bytes, ms: int = 0) -> bytes:
    head = bytes([kind]) + len(body).to_bytes(3, "big") + ms.to_bytes(3, "big") + bytes(4)
    return head + body + (len(body) + 11).to_bytes(4, "big")


FLV = b"FLV\x01\x05\0\0\0\x09\0\0\0\0" + b"".join(tag(9, bytes([n] * 50), n * 40) for n in range(10))


def test_flash_tags_are_a_chain(tmp_path):
    path = tmp_path / "a.flv"
    assert codes(path, FLV) == []
    assert codes(path, FLV[:-20]) == ["flv.truncated"]
    assert codes(path, FLV[:200] + FLV[207:]) == ["flv.broken-chain"]


def packet(pid: int, counter: int, payload: bytes = b"", start: bool = False) -> bytes:
    head = bytes([0x47, (0x40 if start else 0) | pid >> 8, pid & 255, 0x10 | counter & 15])
    return (head + payload).ljust(188, b"\xaa")


def section(body: bytes) -> bytes:
    return b"\0" + body + crc32_forward(body, 0xFFFFFFFF).to_bytes(4, "big")


PAT = section(b"\x00\xb0\x0d\x00\x01\xc1\x00\x00\x00\x01\xe1\x00")
PMT = section(b"\x02\xb0\x12\x00\x01\xc1\x00\x00\xe1\x01\xf0\x00\x1b\xe1\x01\xf0\x00")
TABLES = packet(0, 0, PAT, start=True) + packet(0x100, 0, PMT, start=True)
STREAM = [packet(0x101, 0, b"\0\0\1\xe0", start=True)] + [packet(0x101, n) for n in range(1, 40)]


def test_transport_packets_count_on(tmp_path):
    path = tmp_path / "a.ts"
    assert codes(path, TABLES + b"".join(STREAM)) == []
    assert codes(path, TABLES + b"".join(STREAM[:20] + STREAM[23:])) == ["ts.missing-packets"]
    assert codes(path, TABLES + b"".join(STREAM[:20] + [STREAM[19]] + STREAM[20:])) == []  # one repetition is legal
    assert codes(path, TABLES + b"".join(STREAM) + STREAM[0][:100]) == ["ts.partial-packet"]
    assert "ts.lost-sync" in codes(path, TABLES + b"".join(STREAM[:20]) + b"?" * 50 + b"".join(STREAM[20:]))
    assert "ts.bad-table" in codes(path, TABLES[:20] + b"\x55" + TABLES[21:] + b"".join(STREAM))


def test_joined_recordings_are_a_join(tmp_path):
    second = TABLES.replace(b"\x47\x40\x00\x10", b"\x47\x40\x00\x17") + b"".join(STREAM)
    assert set(codes(tmp_path / "a.ts", TABLES + b"".join(STREAM[:30]) + second)) == {"ts.join"}


def test_element_headers_of_every_width():
    assert read_element(b"\xa3\x81x", 0) == (0xA3, 0, 2, 1)
    assert read_element(b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff", 0) == (0x1F43B675, 0, 12, -1)
    assert read_element(b"\x42\x86\x40\x02..", 0, 100) == (0x4286, 100, 104, 2)
    assert read_element(b"\0\x81", 0) is None
    assert read_element(b"\x1f\x43", 0) is None


@pytest.mark.parametrize("format", ["mp4", "matroska", "mpegts", "mpegps", "avi", "flv", "ogg", "mxf", "asf"])
def test_no_bytes_break_a_checker(tmp_path, format):
    import random

    rng = random.Random(7)
    heads = {"mp4": FTYP, "matroska": b"\x1a\x45\xdf\xa3\x84abcd\x18\x53\x80\x67", "avi": b"RIFF\xff\xff\0\0AVI LIST"}
    for size in (1, 7, 30, 400, 20_000):
        for data in (rng.randbytes(size), bytes(size), b"\xff" * size, heads.get(format, b"") + rng.randbytes(size)):
            assert all("." in code for code in codes(tmp_path / "a.bin", data, format))


def test_containers_are_known_by_their_first_bytes(tmp_path):
    path = tmp_path / "a"
    wanted = {FTYP: "mp4", b"\x1a\x45\xdf\xa3": "matroska", FLV: "flv", TABLES + STREAM[0]: "mpegts", b"text": None}
    for data, name in wanted.items():
        path.write_bytes(data)
        descriptor = os.open(path, os.O_RDONLY)
        assert identify(ByteFile(descriptor)) == name
        os.close(descriptor)
