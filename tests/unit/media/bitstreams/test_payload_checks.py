"""Payload invariants on packets made by hand."""

from __future__ import annotations

import random

import pytest

from cutroom.media.bitstreams import payload_check, restarts

AVCC = b"\x01\x64\x00\x1f\xff\xe0\x00"
HVCC = b"\x01" + bytes(20) + b"\x03" + b"\x00"


def nal(body: bytes, width: int = 4) -> bytes:
    return len(body).to_bytes(width, "big") + body


def code(codec: str, data: bytes, *, extradata: bytes = b"", key: bool = False, container: str = "mp4") -> str | None:
    check = payload_check(codec, extradata, container=container)
    assert check is not None
    problem = check(data, key)
    return problem.code if problem else None


SLICE = b"\x41\x9a" + bytes(range(4, 200))


def test_lengths_must_tile_the_sample():
    assert code("h264", nal(SLICE) * 2, extradata=AVCC) is None
    assert code("h264", nal(SLICE)[:-1], extradata=AVCC) == "payload.broken-lengths"
    assert code("h264", nal(SLICE) + b"\0\0\1\0rest", extradata=AVCC) == "payload.broken-lengths"


@pytest.mark.parametrize("inside", [b"\0\0\0", b"\0\0\1", b"\0\0\2", b"\0\0\3\x04"])
def test_start_code_look_alikes_cannot_be_inside(inside):
    body = SLICE[:50] + inside + SLICE[50:]
    assert code("h264", nal(body), extradata=AVCC) == "payload.forbidden-bytes"
    assert code("hevc", nal(b"\x02\x01" + body), extradata=HVCC) == "payload.forbidden-bytes"


@pytest.mark.parametrize("tail", [b"\0\0\3", b"\0" * 8, b"\0\0\0\1\x0a", b"\0\0\1\x0b"])
def test_padding_and_a_stray_end_of_sequence_are_sound(tail):
    assert code("h264", nal(SLICE + tail), extradata=AVCC) is None


def test_annex_b_is_read_by_start_codes():
    stream = b"\0\0\0\1\x09\xf0" + b"\0\0\1" + SLICE + b"\0\0\0\1" + SLICE
    assert code("h264", stream, container="mpegts") is None
    assert code("h264", stream.replace(b"\x0b\x0c\x0d", bytes(200)), container="mpegts") == "payload.forbidden-bytes"


def test_impossible_nal_headers():
    assert code("h264", nal(b"\xc1" + SLICE[1:]), extradata=AVCC) == "payload.bad-header"
    assert (
        code("h264", nal(b"\x05" + SLICE[1:]), extradata=AVCC) == "payload.bad-header"
    )  # an IDR slice nobody refers to


def test_idr_pictures_are_told_from_other_keyframes():
    assert restarts(nal(b"\x65" + SLICE), "h264")
    assert not restarts(nal(b"\x41" + SLICE), "h264")
    assert restarts(b"\0\0\0\1\x26\x01" + SLICE, "hevc")
    assert not restarts(b"\0\0\0\1\x2a\x01" + SLICE, "hevc")


def test_av1_units_must_tile():
    unit = b"\x0a\x03abc" + b"\x32\x05hello"
    assert code("av1", unit) is None
    assert code("av1", unit[:-1]) == "payload.broken-lengths"
    assert code("av1", b"\x8a\x03abc") == "payload.bad-header"
    assert code("av1", b"\x32\x7e" + b"x" * 40 + bytes(46) + b"x" * 40) == "payload.zero-run"


def test_vp9_marker_and_sync_code():
    assert code("vp9", b"\x82\x49\x83\x42rest", key=True) is None
    assert code("vp9", b"\x82\x49\x83\x43rest", key=True) == "payload.bad-header"
    assert code("vp9", b"\x02\x49\x83\x42rest") == "payload.bad-header"


def test_mpeg_video_holds_three_zeros_only_before_a_start_code():
    picture = b"\0\0\1\x00abcd" + b"".join(b"\0\0\1" + bytes([row]) + b"slice" for row in range(1, 10))
    assert code("mpeg2video", picture) is None
    assert code("mpeg2video", picture + bytes(500)) is None  # padding of a constant rate
    assert code("mpeg2video", picture[:30] + bytes(20) + picture[30:]) == "payload.forbidden-bytes"
    assert code("mpeg2video", picture.replace(b"\0\0\1\x05slice", b"")) == "payload.bad-header"
    assert code("mpeg4", b"\0\0\1\xb6" + b"x" * 50 + bytes(30) + b"y" * 50) == "payload.forbidden-bytes"


def test_jpeg_markers():
    jpeg = (
        b"\xff\xd8"
        + b"\xff\xdb\x00\x04ab"
        + b"\xff\xda\x00\x04cd"
        + b"scan\xff\x00scan\xff\xd0scan\xff\xd1"
        + b"\xff\xd9"
    )
    assert code("mjpeg", jpeg) is None
    assert code("mjpeg", jpeg.replace(b"\xff\x00", b"\xff\x33")) == "payload.forbidden-bytes"
    assert code("mjpeg", jpeg.replace(b"\xff\xd1", b"\xff\xd4")) == "payload.broken-lengths"
    assert code("mjpeg", jpeg[:-2]) == "payload.bad-header"


def test_audio_frames_are_as_long_as_they_say():
    mp3 = bytes.fromhex("fffb9064") + bytes(413)  # 128 kb/s at 44.1 kHz
    assert code("mp3", mp3) is None
    assert code("mp3", mp3[:-10]) == "payload.broken-lengths"
    assert code("mp3", b"xxxx" + mp3) == "payload.bad-header"
    ac3 = bytes.fromhex("0b770000144000") + b"x" * 761  # 192 kb/s at 48 kHz
    assert code("ac3", ac3) is None
    assert code("ac3", ac3[:-1]) == "payload.broken-lengths"
    adts = bytes([0xFF, 0xF1, 0x50, 0x80, 0x04, 0x1F, 0xFC]) + b"x" * 25
    assert code("aac", adts, container="mpegts") is None
    assert code("aac", adts + b"x", container="mpegts") == "payload.broken-lengths"
    assert code("aac", bytes(100), extradata=b"\x11\x90") == "payload.bad-header"


def test_padded_silence_is_sound():
    silent = bytes.fromhex("211004608c1c") + bytes(700) + b"\x0e"
    assert code("aac", silent, extradata=b"\x11\x90") is None


CODECS = ["h264", "hevc", "av1", "vp9", "vp8", "mpeg1video", "mpeg2video", "mpeg4", "mjpeg", "prores"]
CODECS += ["mp3", "aac", "ac3", "eac3", "flac", "opus"]


@pytest.mark.parametrize("codec", CODECS)
def test_no_bytes_break_a_checker(codec):
    rng = random.Random(3)
    check = payload_check(codec, AVCC if codec == "h264" else b"", container="mp4")
    assert check is not None
    heads = [
        b"",
        b"\xff\xd8\xff",
        b"\0\0\0\x40icpf\0\x14",
        b"\xff\xfb\x90",
        b"\x0b\x77",
        b"\0\0\1",
        b"\x0a\x0b",
        b"\x82\x49",
    ]
    for size in (0, 1, 2, 5, 30, 300):
        for head in heads:
            for body in (bytes(size), b"\xff" * size, rng.randbytes(size)):
                check(head + body, True)
                check(head + body, False)
