"""One file for each rule: how to damage a healthy shape so that exactly that shows, among other things.

`WAYS` maps a code to the shape it starts from and a function of its bytes. Rules about files that are not there, may
not be read or hit a limit have no bytes to show; their tests say so by name.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

Change = Callable[[bytes], bytes]


class Way(NamedTuple):
    """Where to start, what to do, and what the result is called (the shape's own extension when None)."""

    shape: str
    change: Change
    extension: str | None = None
    mode: str = "standard"


def put(at: int, new: bytes) -> Change:
    """Write over the bytes at an offset."""
    return lambda data: data[: at % len(data)] + new + data[at % len(data) + len(new) :]


def after(mark: bytes, offset: int, new: bytes) -> Change:
    """Write over the bytes at a distance from the first occurrence of a mark."""

    def change(data: bytes) -> bytes:
        at = data.index(mark) + offset
        return data[:at] + new + data[at + len(new) :]

    return change


def last(mark: bytes, offset: int, new: bytes) -> Change:
    """The same with the last occurrence."""

    def change(data: bytes) -> bytes:
        at = data.rindex(mark) + offset
        return data[:at] + new + data[at + len(new) :]

    return change


def add(mark: bytes, offset: int, amount: int) -> Change:
    """Add to the 32-bit number at a distance from the first occurrence of a mark."""

    def change(data: bytes) -> bytes:
        at = data.index(mark) + offset
        value = (int.from_bytes(data[at : at + 4], "big") + amount) % (1 << 32)
        return data[:at] + value.to_bytes(4, "big") + data[at + 4 :]

    return change


def cut(share: float) -> Change:
    """Keep the first part."""
    return lambda data: data[: int(len(data) * share)]


def box(data: bytes, name: bytes, start: int = 0) -> tuple[int, int]:
    """Where a box starts and ends."""
    at = data.index(name, start) - 4
    return at, at + int.from_bytes(data[at : at + 4], "big")


def without(name: bytes, number: int = 0) -> Change:
    """Take a top-level box out."""

    def change(data: bytes) -> bytes:
        start, end = box(data, name)
        for _ in range(number):
            start, end = box(data, name, end)
        return data[:start] + data[end:]

    return change


def nothing_in_tables(data: bytes) -> bytes:
    """Every sample table of an MP4 emptied."""
    out = bytearray(data)
    for name, at in ((b"stsz", 12), (b"stts", 8), (b"stsc", 8), (b"stco", 8), (b"ctts", 8), (b"stss", 8)):
        place = out.find(name)
        while place >= 0:
            out[place + at : place + at + 4] = bytes(4)
            place = out.find(name, place + 4)
    return bytes(out)


def with_crc(name: bytes, damage: Change) -> Change:
    """Change the content of a Matroska level-1 element that begins with a CRC-32, and make the sum right again."""

    def change(data: bytes) -> bytes:
        start = data.index(name)
        sum_at = data.index(b"\xbf\x84", start)
        width = 9 - data[start + len(name)].bit_length()
        size = int.from_bytes(data[start + len(name) : start + len(name) + width], "big") & ((1 << 7 * width) - 1)
        body = start + len(name) + width
        content = damage(data[sum_at + 6 : body + size])
        crc = zlib.crc32(content).to_bytes(4, "little")
        return data[: sum_at + 2] + crc + content + data[body + size :]

    return change


def packets(change: Callable[[list[bytes]], list[bytes]]) -> Change:
    """Work on the 188-byte packets of a transport stream."""
    return lambda data: b"".join(change([data[at : at + 188] for at in range(0, len(data), 188)]))


def pid(packet: bytes) -> int:
    """The stream that a transport packet belongs to."""
    return (packet[1] & 0x1F) << 8 | packet[2]


def flagged(all_: list[bytes]) -> list[bytes]:
    """A packet in the middle marked by the receiver as damaged."""
    at = len(all_) // 2
    return [*all_[:at], bytes([all_[at][0], all_[at][1] | 0x80]) + all_[at][2:], *all_[at + 1 :]]


def overlong(all_: list[bytes]) -> list[bytes]:
    """A packet whose adaptation field is longer than itself."""
    at = next(index for index, one in enumerate(all_) if index > 50 and one[3] & 0x20)
    return [*all_[:at], all_[at][:4] + b"\xff" + all_[at][5:], *all_[at + 1 :]]


def headless(all_: list[bytes]) -> list[bytes]:
    """An elementary packet that does not begin with its start code."""
    at = next(i for i, one in enumerate(all_) if i > 50 and pid(one) == 0x100 and one[1] & 0x40)
    begin = 4 + (1 + all_[at][4] if all_[at][3] & 0x20 else 0)
    return [*all_[:at], all_[at][:begin] + b"\xaa\xbb\xcc" + all_[at][begin + 3 :], *all_[at + 1 :]]


def bad_table(all_: list[bytes]) -> list[bytes]:
    """A later program table with a changed byte."""
    at = next(i for i, one in enumerate(all_) if i > 20 and pid(one) == 0)
    return [*all_[:at], all_[at][:14] + b"\x55" + all_[at][15:], *all_[at + 1 :]]


def ebml_time(data: bytes) -> bytes:
    """The last cluster begins at zero again."""
    at = data.rindex(b"\x1f\x43\xb6\x75")
    stamp = data.index(b"\xe7", at + 8)
    width = data[stamp + 1] & 0x7F
    return data[: stamp + 2] + bytes(width) + data[stamp + 2 + width :]


def index_entries(data: bytes) -> bytes:
    """An AVI index that points elsewhere."""
    at = data.index(b"idx1") + 8
    return data[: at + 8] + struct.pack("<I", 77) + data[at + 12 :]


def rename(name: bytes, new: bytes) -> Change:
    """Every occurrence of a name becomes another."""
    return lambda data: data.replace(name, new)


def every_size(codec: bytes, side: int) -> Change:
    """The width and height of an MP4 sample entry."""
    return after(codec, 28, struct.pack(">HH", side, side))


def swapped_fragments(data: bytes) -> bytes:
    """The second and the third fragment change places."""
    first = box(data, b"moof", box(data, b"moof")[1])
    second = box(data, b"moof", first[1])
    third = box(data, b"moof", second[1])
    return data[: first[0]] + data[second[0] : third[0]] + data[first[0] : second[0]] + data[third[0] :]


def ogg_page(number: int, change: Callable[[bytes], bytes]) -> Change:
    """Change or drop one page of an Ogg file."""

    def work(data: bytes) -> bytes:
        pages = [b"OggS" + part for part in data.split(b"OggS")[1:]]
        pages[number] = change(pages[number])
        return b"".join(pages)

    return work
