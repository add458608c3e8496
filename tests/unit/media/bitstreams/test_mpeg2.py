"""MPEG-2 headers, slice order and the display order of groups, on pictures made by hand."""

from __future__ import annotations

from cutroom.media.bitstreams.mpeg2 import MpegVideoCheck

SEQUENCE = b"\0\0\1\xb3" + bytes([0x0A, 0x00, 0x60, 0x13, 0xFF, 0xFF, 0xE0, 0x18])
EXTENSION = b"\0\0\1\xb5" + bytes([0x14, 0x82, 0x01, 0x01, 0x01, 0x80])
GROUP = b"\0\0\1\xb8" + bytes([0x80, 0x08, 0x01, 0x40])


def picture(number: int, kind: int = 1, rows=range(1, 7), quantiser: int = 8) -> bytes:
    head = b"\0\0\1\0" + bytes([number >> 2, (number & 3) << 6 | kind << 3, 0xFF, 0xF8])
    return head + b"".join(b"\0\0\1" + bytes([row, quantiser << 3, 0x55, 0xAA]) for row in rows)


def code(*packets: bytes) -> str | None:
    check = MpegVideoCheck()
    problems = [check(packet, False) for packet in packets]
    return next((problem.code for problem in problems if problem), None)


START = SEQUENCE + EXTENSION + GROUP


def test_whole_pictures_are_sound():
    assert code(START + picture(2), picture(0, 3), picture(1, 3), GROUP + picture(0)) is None


def test_slices_are_all_there_and_in_order():
    assert code(START + picture(0, rows=(1, 2, 4, 5, 6))) == "payload.bad-header"
    assert code(START + picture(0, rows=(1, 3, 2, 4))) == "payload.bad-header"


def test_a_slice_of_mpeg1_may_run_over_rows():
    assert code(SEQUENCE + GROUP + picture(0, rows=(1,))) is None
    assert code(SEQUENCE + GROUP + picture(0, rows=(1, 5))) is None


def test_impossible_headers():
    assert code(START + picture(0, kind=6)) == "payload.bad-header"
    assert code(START + picture(0, quantiser=0)) == "payload.bad-header"
    assert code(START + picture(0) + b"\0\0\1\xb0") == "payload.bad-header"
    assert code(START + picture(0) + b"\x55\0\0\0\0\x55") == "payload.forbidden-bytes"


def test_a_hole_in_the_display_order_shows_at_the_next_group():
    assert code(START + picture(2), picture(0, 3), picture(4, 2), GROUP + picture(0)) == "payload.frame-missing"


def test_a_cut_before_a_group_leaves_no_hole():
    assert code(START + picture(2), picture(4, 2), picture(3, 3), GROUP + picture(0)) is None
