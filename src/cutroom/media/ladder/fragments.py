"""CMAF boxes of one track: the init segment and each media segment, written without a muxer.

Nothing is left to a muxer's defaults: every track starts at zero, no edit list shifts it (players disagree on those),
decode and presentation times are the same, and a segment can be written alone, in any order, on any machine.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import msgspec

from cutroom.media.boxes import box, full_box

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_SYNC = 0x02000000  # depends on no other sample
_NOT_SYNC = 0x01010000  # depends on others, is no sync sample
_MOVIE_TIMESCALE = 1000


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One coded frame."""

    time: int  # presentation and decode time in the track's timescale
    data: bytes
    sync: bool


class Colour(msgspec.Struct, frozen=True, kw_only=True):
    """Code points of ITU-T H.273."""

    primaries: int
    transfer: int
    matrix: int


def video_init(
    *, timescale: int, width: int, height: int, avcc: bytes, colour: Colour, max_bit_rate: int, buffer_bits: int
) -> bytes:
    """The init segment of an H.264 track of square pixels; `avcc` is the decoder configuration record."""
    colr = struct.pack(">4sHHHB", b"nclx", colour.primaries, colour.transfer, colour.matrix, 0)
    entry = box(
        b"avc1",
        struct.pack(">6xH16xHHIIIH32sHh", 1, width, height, 0x480000, 0x480000, 0, 1, b"", 24, -1),
        box(b"avcC", avcc),
        box(b"colr", colr),
        box(b"pasp", struct.pack(">II", 1, 1)),
        box(b"btrt", struct.pack(">III", buffer_bits // 8, max_bit_rate, max_bit_rate)),
    )
    size = struct.pack(">II", width << 16, height << 16)
    return _init(timescale, b"vide", full_box(b"vmhd", 0, 1, bytes(8)), entry, size=size, language="und")


def audio_init(*, sample_rate: int, channels: int, config: bytes, bit_rate: int, language: str | None) -> bytes:
    """The init segment of an AAC track; `config` is the AudioSpecificConfig and the timescale is the sample rate."""
    decoder = struct.pack(">BB3sII", 0x40, 0x15, bytes(3), bit_rate, bit_rate)
    descriptor = _descriptor(
        3, struct.pack(">HB", 1, 0), _descriptor(4, decoder, _descriptor(5, config)), _descriptor(6, b"\x02")
    )
    rate = sample_rate << 16 if sample_rate < 1 << 16 else 0
    entry = box(
        b"mp4a",
        struct.pack(">6xH8xHH4xI", 1, channels, 16, rate),
        full_box(b"esds", 0, 0, descriptor),
    )
    return _init(sample_rate, b"soun", full_box(b"smhd", 0, 0, bytes(4)), entry, size=bytes(8), language=language)


def media_segment(index: int, samples: Sequence[Sample], end: int) -> bytes:
    """Segment `index` of a track: `styp`, one `moof`, one `mdat`; `end` is the time at which its last sample ends."""
    times = [*(sample.time for sample in samples), end]
    rows = b"".join(
        struct.pack(">III", after - sample.time, len(sample.data), _SYNC if sample.sync else _NOT_SYNC)
        for sample, after in zip(samples, times[1:], strict=True)
    )

    def fragment(data_offset: int) -> bytes:
        return box(
            b"moof",
            full_box(b"mfhd", 0, 0, struct.pack(">I", index + 1)),
            box(
                b"traf",
                full_box(b"tfhd", 0, 0x020000, struct.pack(">I", 1)),
                full_box(b"tfdt", 1, 0, struct.pack(">Q", samples[0].time)),
                full_box(b"trun", 0, 0x701, struct.pack(">Ii", len(samples), data_offset), rows),
            ),
        )

    moof = fragment(len(fragment(0)) + 8)
    brand = box(b"styp", b"msdh", bytes(4), b"msdhmsixcmfscmf2")
    return b"".join((brand, moof, box(b"mdat", *(sample.data for sample in samples))))


def _init(timescale: int, handler: bytes, header: bytes, entry: bytes, *, size: bytes, language: str | None) -> bytes:
    table = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
    reference = full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1))
    media = box(
        b"mdia",
        full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, timescale, 0, _language(language), 0)),
        full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, handler), b"Cutroom\0"),
        box(b"minf", header, box(b"dinf", reference), table),
    )
    volume = 0x100 if handler == b"soun" else 0
    group = 1 if handler == b"soun" else 0
    track = box(
        b"trak",
        full_box(b"tkhd", 0, 7, struct.pack(">IIIII8xHHHH", 0, 0, 1, 0, 0, 0, group, volume, 0), _MATRIX, size),
        media,
    )
    movie = box(
        b"moov",
        full_box(
            b"mvhd",
            0,
            0,
            struct.pack(">IIIIIH10x", 0, 0, _MOVIE_TIMESCALE, 0, 0x10000, 0x100),
            _MATRIX,
            bytes(24),
            struct.pack(">I", 2),
        ),
        track,
        box(b"mvex", full_box(b"trex", 0, 0, struct.pack(">IIIII", 1, 1, 0, 0, 0))),
    )
    return box(b"ftyp", b"iso6", struct.pack(">I", 0), b"iso6cmfcmp41") + movie


def _descriptor(tag: int, *payload: bytes) -> bytes:
    body = b"".join(payload)
    return bytes((tag, 0x80, 0x80, 0x80, len(body))) + body


def _language(code: str | None) -> int:
    """ISO 639-2 letters, five bits each."""
    letters = code if code and len(code) == 3 and code.isascii() and code.isalpha() and code.islower() else "und"
    return sum((ord(letter) - 0x60) << shift for letter, shift in zip(letters, (10, 5, 0), strict=True))
