"""MJPEG and ProRes: marker and slice chains inside a frame."""

from __future__ import annotations

import re
import struct
from itertools import pairwise

from cutroom.media.bitstreams.problem import BAD_HEADER, BROKEN_LENGTHS, FORBIDDEN_BYTES, Problem

_STRAY = re.compile(rb"\xff+(?![\x00\xff\xd0-\xda\xc4\xdb\xdd\xe0-\xef\xfe])(.)", re.DOTALL)
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_BAD_JPEG = Problem(BAD_HEADER, "its JPEG header is damaged")
_BAD_PRORES = Problem(BAD_HEADER, "its ProRes header is damaged")
_SLICES = Problem(BROKEN_LENGTHS, "the sizes of its slices do not add up")


def check_mjpeg(data: bytes, key: bool) -> Problem | None:
    """The marker chain up to the scan, the bytes inside the scan, and the end marker."""
    if data[:2] != b"\xff\xd8":
        return _BAD_JPEG
    position = 2
    while position + 4 <= len(data):
        marker, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4], "big")
        if data[position] != 0xFF or marker < 0xC0 or length < 2:
            return _BAD_JPEG
        position += 2 + length
        if marker == 0xDA:
            break
    end = data.find(b"\xff\xd9", position)
    scan_end = end if end >= 0 else len(data)
    if position >= len(data) or _STRAY.search(data, position, scan_end):
        return Problem(FORBIDDEN_BYTES, "its JPEG scan holds an impossible marker")
    restarts = [match[1][0] for match in _RESTART.finditer(data, position, scan_end)]
    if any((after - before) % 8 != 1 for before, after in pairwise(restarts)):
        return Problem(BROKEN_LENGTHS, "restart markers of its JPEG scan are missing")
    return None if end >= 0 else Problem(BAD_HEADER, "it has no end marker")


def check_prores(data: bytes, key: bool) -> Problem | None:
    """Frame size and header, then for each picture the slice table and every slice header."""
    if len(data) < 28 or data[4:8] != b"icpf":
        return _BAD_PRORES
    frame_size, header = int.from_bytes(data[:4], "big"), int.from_bytes(data[8:10], "big")
    if frame_size > len(data) or header < 20 or 8 + header > len(data):
        return _BAD_PRORES
    position, pictures = 8 + header, 2 if data[20] & 0x0C else 1
    for _ in range(pictures):
        if position + 8 > len(data):
            return _SLICES
        own, size, count = data[position] >> 3, *struct.unpack_from(">IH", data, position + 1)
        table = position + own
        if own < 8 or table + 2 * count > len(data) or position + size > len(data):
            return _SLICES
        at = table + 2 * count
        for slice_size in struct.unpack_from(f">{count}H", data, table):
            if slice_size < 6 or not _prores_slice(data, at, slice_size):
                return _SLICES
            at += slice_size
        if at > position + size:
            return _SLICES
        position += size
    return None


def _prores_slice(data: bytes, at: int, size: int) -> bool:
    header, luma, chroma = data[at] >> 3, *struct.unpack_from(">HH", data, at + 2)
    return header in (6, 7, 8) and header + luma + chroma <= size and at + size <= len(data)
