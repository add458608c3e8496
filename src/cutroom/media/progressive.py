"""A progressive MP4 out of a ladder's own segments: the table of contents is computed, the coded frames stay where
they are.

What comes out is a virtual file: a head (`ftyp`, `moov`, the header of `mdat`) followed by stretches of the segment
files, so that any range of it can be served without storing a second copy. Nothing is encoded again. Each segment
becomes one chunk, in the order of time, so that a player may begin while it loads.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cutroom.media.boxes import box, full_box
from cutroom.media.progressive_track import Chunk, Piece, Track, TrackFiles, unfit

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_WIDE = (1 << 32) - (1 << 20)  # bytes from which offsets need 64 bits


class Progressive(msgspec.Struct, frozen=True, kw_only=True):
    """A virtual MP4: the head's bytes, then the pieces."""

    head: bytes
    pieces: list[Piece]

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return len(self.head) + sum(piece.size for piece in self.pieces)


def join_tracks(folder: Path, tracks: Sequence[TrackFiles]) -> Progressive:
    """The MP4 of these tracks, whose files lie in `folder`; the first is the picture, if there is one.

    Raises CutroomError proxy.incomplete when a segment is missing or is none of Cutroom's own.
    """
    try:
        found = [Track(folder, files, number) for number, files in enumerate(tracks, start=1)]
    except OSError as error:
        raise unfit(Path(error.filename or folder), error.strerror or "it cannot be read") from error
    chunks = sorted((chunk for track in found for chunk in track.chunks), key=lambda chunk: (chunk.start, chunk.track))
    total = sum(chunk.piece.size for chunk in chunks)
    wide = total > _WIDE
    ftyp = box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2avc1mp41")
    mdat = struct.pack(">I4sQ", 1, b"mdat", total + 16) if wide else struct.pack(">I4s", total + 8, b"mdat")
    size = len(ftyp) + len(_moov(found, chunks, 0, wide=wide)) + len(mdat)
    head = b"".join((ftyp, _moov(found, chunks, size, wide=wide), mdat))
    return Progressive(head=head, pieces=[chunk.piece for chunk in chunks])


def _moov(tracks: Sequence[Track], chunks: Sequence[Chunk], base: int, *, wide: bool) -> bytes:
    """The movie's table, its first chunk standing `base` bytes into the file."""
    places: dict[int, list[int]] = {track.number: [] for track in tracks}
    for chunk in chunks:
        places[chunk.track].append(base)
        base += chunk.piece.size
    scale = tracks[0].timescale
    length = max(track.length for track in tracks)
    header = struct.pack(
        ">QQIQIH10x", 0, 0, scale, round(length * scale), 0x10000, 0x100
    ) + _MATRIX + bytes(24) + struct.pack(">I", len(tracks) + 1)  # fmt: skip
    first_sound = next((track.number for track in tracks if track.sound), 0)
    described = [
        track.trak(
            places[track.number],
            movie_scale=scale,
            wide=wide,
            # Of several sound tracks the first is on; they are alternatives to each other.
            enabled=not track.sound or track.number == first_sound,
        )
        for track in tracks
    ]
    return box(b"moov", full_box(b"mvhd", 1, 0, header), *described)
