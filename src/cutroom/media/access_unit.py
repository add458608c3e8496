"""The head of an access unit of H.264 or HEVC: what stands before its first slice, and that slice's kind."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from av.video.stream import VideoStream

_SLICE_BYTES = 32  # of the first slice, which ends the head
_MOST_UNITS = 64


class Framing(msgspec.Struct, frozen=True, kw_only=True):
    """How a stream's NAL units are told apart."""

    hevc: bool
    length_bytes: int  # of a unit's length field; 0: start codes

    @classmethod
    def of(cls, stream: VideoStream) -> Framing | None:
        """None for other codecs than these two."""
        name = stream.codec_context.codec.canonical_name
        if name not in ("h264", "hevc"):
            return None
        data, at = bytes(stream.codec_context.extradata or b""), 21 if name == "hevc" else 4
        configured = len(data) > at and data[0] == 1
        return cls(hevc=name == "hevc", length_bytes=(data[at] & 3) + 1 if configured else 0)

    def kind(self, unit: bytes) -> int:
        """nal_unit_type."""
        return unit[0] >> 1 & 0x3F if self.hevc else unit[0] & 0x1F

    def is_slice(self, unit: bytes) -> bool:
        """Whether the unit holds picture data."""
        return self.kind(unit) < 32 if self.hevc else 1 <= self.kind(unit) <= 5

    def head(self, data: bytes) -> Iterator[bytes]:
        """The units of an access unit up to its first slice, of which only the beginning comes."""
        units = _by_length(data, self.length_bytes) if self.length_bytes else _by_start_code(data)
        for number, (start, end) in enumerate(units):
            if start >= end or number >= _MOST_UNITS:
                return
            if self.is_slice(data[start : start + 1]):
                yield data[start : min(end, start + _SLICE_BYTES)]
                return
            yield data[start:end]

    def messages(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Type and payload of each supplemental message (SEI) before the first slice, without emulation prevention."""
        wanted, header = (39, 2) if self.hevc else (6, 1)
        for unit in self.head(data):
            if self.kind(unit) == wanted:
                yield from _messages(unit[header:].replace(b"\0\0\3", b"\0\0"))


def _by_length(data: bytes, length_bytes: int) -> Iterator[tuple[int, int]]:
    at = 0
    while at + length_bytes < len(data):
        size = int.from_bytes(data[at : at + length_bytes], "big")
        at += length_bytes
        yield at, min(at + size, len(data))
        at += size


def _by_start_code(data: bytes) -> Iterator[tuple[int, int]]:
    start = data.find(b"\0\0\1")
    while start >= 0:
        # What follows a slice does not matter, so its end is not looked for: it may be megabytes away.
        kind = data[start + 3] if start + 3 < len(data) else 0
        if kind & 0x1F in (1, 5):
            yield start + 3, len(data)
            return
        after = data.find(b"\0\0\1", start + 3)
        yield start + 3, after if after >= 0 else len(data)
        start = after


def _messages(body: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 < len(body):
        values = []
        for _ in range(2):
            value = 0
            while at < len(body) and body[at] == 0xFF:
                value, at = value + 255, at + 1
            if at >= len(body):
                return
            values.append(value + body[at])
            at += 1
        kind, size = values
        yield kind, body[at : at + size]
        at += size
