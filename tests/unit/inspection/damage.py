"""One file for each rule: how to damage a healthy shape so that exactly that shows, among other things.

`WAYS` maps a code to the shape it starts from and a function of its bytes. Rules about files that are not there, may
not be read or hit a limit have no bytes to show; their tests say so by name.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

import av

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


def with_crc(name: bytes, damage: Change, *, find: Callable[[bytes, bytes], int] = bytes.rindex) -> Change:
    """Change the content of a Matroska level-1 element that begins with a CRC-32, and make the sum right again."""

    def change(data: bytes) -> bytes:
        start = find(data, name)
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


def between_keyframes(all_: list[bytes]) -> list[bytes]:
    """The tables, and what lies between the first keyframe and the second."""
    pictures = [index for index, one in enumerate(all_) if pid(one) == 0x100 and one[1] & 0x40]
    keys = [index for index in pictures if all_[index][3] & 0x20 and all_[index][5] & 0x40]
    start = next(index for index in pictures if index > keys[0])
    return [*all_[:3], *all_[start : keys[1]]]


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


def inserted(path: tuple[bytes, ...], new: bytes) -> Change:
    """Boxes put at the end of the last box of a path; those that hold it grow. For files with the index behind."""

    def change(data: bytes) -> bytes:
        out, at = bytearray(data), 0
        for name in path:
            at = data.index(name, at)
            size = int.from_bytes(data[at - 4 : at], "big")
            out[at - 4 : at] = (size + len(new)).to_bytes(4, "big")
        end = at - 4 + size
        return bytes(out[:end]) + new + bytes(out[end:])

    return change


def boxed(name: bytes, content: bytes) -> bytes:
    """A box."""
    return (8 + len(content)).to_bytes(4, "big") + name + content


def encrypted(data: bytes) -> bytes:
    """An H.264 track marked as encrypted, as in common encryption."""
    scheme = boxed(b"frma", b"avc1") + boxed(b"schm", bytes(4) + b"cenc\0\1\0\0")
    scheme += boxed(b"schi", boxed(b"tenc", bytes(6) + b"\1\x08" + bytes(16)))
    path = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1")
    grown = inserted(path, boxed(b"sinf", scheme))(data)
    at = grown.index(b"avc1", grown.index(b"stsd"))
    return grown[:at] + b"encv" + grown[at + 4 :]


def written_again(container: str, *, leave_out: range = range(0), sound: bool = True) -> Change:
    """Mux the packets of the picture into another container, without some of them."""

    def change(data: bytes) -> bytes:
        target = io.BytesIO()
        with av.open(io.BytesIO(data)) as source, av.open(target, "w", format=container) as output:
            chosen = [*source.streams.video, *(source.streams.audio if sound else ())]
            streams = {stream.index: output.add_stream_from_template(stream) for stream in chosen}
            number = 0
            for packet in source.demux(*chosen):
                picture = packet.stream.type == "video"
                number += picture
                if packet.dts is None or (picture and number - 1 in leave_out):
                    continue
                packet.stream = streams[packet.stream_index]
                output.mux(packet)
        return target.getvalue()

    return change


def both(first: Change, second: Change) -> Change:
    """One after the other."""
    return lambda data: second(first(data))
