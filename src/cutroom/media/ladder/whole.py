"""The playlists of a ladder that does not exist yet: all segments are listed, each is made when asked for."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import msgspec

from cutroom.media.hls import Segment, media_playlist
from cutroom.media.ladder.fragments import video_init
from cutroom.media.ladder.layout import MASTER, OUTLINE
from cutroom.media.ladder.outline import Outline
from cutroom.media.ladder.plan import Grid
from cutroom.media.ladder.publish import make_folder, publish_once, replace
from cutroom.media.ladder.result import AudioResult, RungResult
from cutroom.media.ladder.run import timing_file
from cutroom.media.ladder.sheet import AAC, master
from cutroom.media.ladder.sound import FRAME
from cutroom.media.ladder.sounds import Rendition
from cutroom.media.ladder.times import Listing
from cutroom.media.ladder.track import segment_name, uri_of


def publish_whole(outline: Outline, listing: Listing, *, segments: Path, playlists: Path) -> list[RungResult]:
    """Write init segments, the list of times where they vary, every playlist as VOD, and the outline itself.

    Returns the rungs' figures. Raises storage.full, storage.failed.
    """
    make_folder(playlists)
    publish_inits(outline, segments)
    if outline.timing is not None and outline.timing.pts is not None:
        publish_once(segments / outline.timing.pts, timing_file(outline.timing, listing.clock.times))
    for rung in outline.rungs:
        _write(
            playlists / f"{rung.name}.m3u8",
            picture_segments(outline),
            uri_of(segments / rung.name, playlists),
            outline.grid,
        )
    for sound in outline.sounds:
        listed = sound_segments(outline, sound)
        _write(
            playlists / f"audio-{sound.index}.m3u8",
            listed,
            uri_of(segments / "audio" / str(sound.index), playlists),
            outline.grid,
        )
    rungs = expected_rungs(outline)
    replace(playlists / OUTLINE, msgspec.json.encode(outline))
    replace(playlists / MASTER, master(rungs, expected_audio(outline)))
    return rungs


def read_outline(path: Path) -> Outline:
    """An outline from its file."""
    return msgspec.json.decode(path.read_bytes(), type=Outline)


def publish_inits(outline: Outline, segments: Path) -> None:
    """Write the init segment of every rung."""
    for rung, avcc in zip(outline.rungs, outline.avccs, strict=True):
        init = video_init(
            timescale=outline.timescale,
            width=rung.width,
            height=rung.height,
            avcc=avcc,
            colour=outline.colour,
            max_bit_rate=rung.max_bit_rate,
            buffer_bits=rung.buffer_bits,
        )
        publish_once(make_folder(segments / rung.name) / "init.mp4", init)


def picture_segments(outline: Outline) -> list[tuple[str, Fraction]]:
    """Name and length, in seconds, of every segment of every rung."""
    edges = [*(cell.start for cell in outline.cells), outline.end]
    lengths = (Fraction(after - before, outline.timescale) for before, after in pairwise(edges))
    return [(segment_name(cell.index), length) for cell, length in zip(outline.cells, lengths, strict=True)]


def sound_segments(outline: Outline, sound: Rendition) -> list[tuple[str, Fraction]]:
    """Name and length of the segments of a sound track that are there for certain: as long as the picture lasts.

    Sound is filled with silence up to the last whole frame before the picture's end; a copied track is placed up to
    one frame later. What sounds on behind the picture is listed once the ladder is whole.
    """
    last = outline.end * sound.sample_rate // outline.timescale - 2 * FRAME
    cells = range(outline.grid.cell(max(0, last), sound.sample_rate) + 1)
    edges = [_first_sample(outline.grid, cell, sound.sample_rate) for cell in (*cells, len(cells))]
    edges[-1] = min(edges[-1], max(edges[-2] + FRAME, last + FRAME))
    lengths = (Fraction(after - before, sound.sample_rate) for before, after in pairwise(edges))
    return [(segment_name(cell), length) for cell, length in zip(cells, lengths, strict=True)]


def _first_sample(grid: Grid, cell: int, rate: int) -> int:
    """The first multiple of an AAC frame in a cell."""
    return -int(-grid.start(cell) * rate // FRAME) * FRAME


def expected_rungs(outline: Outline) -> list[RungResult]:
    """The rungs' figures before anything is measured: the caps that the encoders hold."""
    return [
        RungResult(
            height=rung.height,
            width=rung.width,
            bandwidth=rung.peak(outline.grid.target_seconds),
            average_bandwidth=None,
            codecs=f"avc1.{avcc[1:4].hex()}",
            frame_rate=outline.rate,
        )
        for rung, avcc in zip(outline.rungs, outline.avccs, strict=True)
    ]


def expected_audio(outline: Outline) -> list[AudioResult]:
    """The sound tracks' figures before anything is measured."""
    return [_audio_result(sound) for sound in outline.sounds]


def _audio_result(sound: Rendition) -> AudioResult:
    return AudioResult(
        index=sound.index,
        stream=sound.stream,
        name=sound.name,
        language=sound.language,
        default=sound.index == 0,
        channels=sound.channels,
        sample_rate=sound.sample_rate,
        copied=sound.copied,
        bandwidth=sound.bit_rate * 3 // 2,
        codecs=AAC,
    )


def _write(path: Path, listed: list[tuple[str, Fraction]], root: str, grid: Grid) -> None:
    segments = [Segment(uri=f"{root}/{name}", seconds=seconds, size_bytes=0) for name, seconds in listed]
    text = media_playlist(segments, init_uri=f"{root}/init.mp4", target_seconds=grid.target_seconds, ended=True)
    replace(path, text.encode())
