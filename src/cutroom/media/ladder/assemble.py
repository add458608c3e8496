"""A whole ladder out of segments that were made apart: playlists, times and figures, from their boxes."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from fractions import Fraction
from itertools import count, pairwise, takewhile
from pathlib import Path

import msgspec

from cutroom.core.errors import CutroomError, ErrorKind
from cutroom.media import boxes
from cutroom.media.hls import Segment, average_bandwidth, media_playlist, peak_bandwidth
from cutroom.media.ladder.clock import Timing
from cutroom.media.ladder.layout import MASTER
from cutroom.media.ladder.outline import Outline
from cutroom.media.ladder.publish import make_folder, publish_once, replace, storage_error
from cutroom.media.ladder.result import AudioResult, LadderResult, RungResult, Texted
from cutroom.media.ladder.run import TIMING, timing_file
from cutroom.media.ladder.sheet import master
from cutroom.media.ladder.sound_pass import TEXTED, WHOLE_TEXT
from cutroom.media.ladder.text_track import SUBTITLES, text_name
from cutroom.media.ladder.track import segment_name, uri_of
from cutroom.media.ladder.whole import expected_audio, expected_rungs

_HEAD_BYTES = 1 << 16  # of a segment: enough for the boxes before the coded frames, else all of it is read


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One segment as its boxes describe it; times in ticks of its track."""

    cell: int
    times: list[int]  # of each sample
    end: int
    size_bytes: int


def assemble(outline: Outline, *, segments: Path, playlists: Path, damaged_packets: int = 0) -> LadderResult:
    """Write the playlists of a ladder whose segments all stand, and say what it holds.

    Every rung must begin at zero, have no gap between two segments, and the frames that all the others have.
    Raises `ladder.incomplete` when one does not, storage.full, storage.failed.
    """
    make_folder(playlists)
    grid = outline.grid
    pictures = {rung.name: _pieces(segments / rung.name) for rung in outline.rungs}
    sounds = {sound.index: _pieces(segments / "audio" / str(sound.index)) for sound in outline.sounds}
    sounds = {index: pieces for index, pieces in sounds.items() if pieces}
    for name, pieces in pictures.items():
        _check(name, pieces, pictures[outline.rungs[0].name])
    listed: dict[str, list[Segment]] = {}
    for folder, pieces, timescale in [
        *((rung.name, pictures[rung.name], outline.timescale) for rung in outline.rungs),
        *((f"audio/{one.index}", sounds[one.index], one.sample_rate) for one in outline.sounds if one.index in sounds),
    ]:
        root = uri_of(segments / folder, playlists)
        listed[folder] = list(_listed(pieces, timescale, root))
        text = media_playlist(
            listed[folder], init_uri=f"{root}/init.mp4", target_seconds=grid.target_seconds, ended=True
        )
        replace(playlists / f"{folder.replace('/', '-')}.m3u8", text.encode())
    timing = _timing(outline, pictures[outline.rungs[0].name], segments)
    rungs = [_measured(rung, listed[str(rung.height)], grid.target_seconds) for rung in expected_rungs(outline)]
    audio = [
        _measured_sound(sound, listed[f"audio/{sound.index}"], grid.target_seconds)
        for sound in expected_audio(outline)
        if sound.index in sounds
    ]
    texted = _texts(outline, segments, playlists)
    replace(playlists / MASTER, master(rungs, audio, texted.tracks))
    return LadderResult(
        master=MASTER,
        rungs=rungs,
        audio=audio,
        frames=timing.frames,
        timing=timing,
        duration=str(Fraction(timing.end) * Fraction(timing.time_base)),
        bytes=_bytes(segments, listed),
        segments=sum(map(len, listed.values())),
        damaged_packets=damaged_packets,
        notes=texted.notes,
        subtitles=texted.tracks,
    )


def _texts(outline: Outline, segments: Path, playlists: Path) -> Texted:
    """Playlists and whole files of the subtitles that were made along with the sound."""
    folder = segments / SUBTITLES
    try:
        known = msgspec.json.decode((folder / TEXTED).read_bytes(), type=Texted)
    except FileNotFoundError:
        return Texted(tracks=[], notes=[])
    grid, end = outline.grid, Fraction(outline.end, outline.timescale)
    for track in known.tracks:
        root = folder / str(track.index)
        starts = list(takewhile(lambda start: start < end, map(grid.start, count())))
        listed = [
            Segment(
                uri=f"{uri_of(root, playlists)}/{text_name(number)}",
                seconds=after - start,
                size_bytes=(root / text_name(number)).stat().st_size,
            )
            for number, (start, after) in enumerate(pairwise([*starts, end]))
        ]
        text = media_playlist(listed, init_uri=None, target_seconds=grid.target_seconds, ended=True)
        replace(playlists / f"subtitles-{track.index}.m3u8", text.encode())
        replace(playlists / f"subtitles-{track.index}.vtt", (root / WHOLE_TEXT).read_bytes())
    return known


def _pieces(folder: Path) -> list[Piece]:
    if not folder.is_dir():
        return []
    names = sorted(path for path in folder.iterdir() if path.suffix == ".m4s")
    return sorted((_piece(path) for path in names), key=lambda piece: piece.cell)


def _piece(path: Path) -> Piece:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            if not any(box.kind == b"moof" for box in boxes.boxes(head)):
                head += file.read()
    except OSError as error:
        raise storage_error(path, error) from error
    (traf,) = boxes.find(head, b"moof", b"traf")
    (run,) = boxes.track_runs(head, traf)
    (header,) = boxes.find(head, b"moof", b"mfhd")
    at = boxes.decode_time(head, traf) or 0
    times = []
    for duration in run.durations:
        times.append(at)
        at += duration
    cell = struct.unpack_from(">I", head, header.payload + 4)[0] - 1
    return Piece(cell=cell, times=times, end=at, size_bytes=size)


def _check(name: str, pieces: list[Piece], first: list[Piece]) -> None:
    whole = bool(pieces) and pieces[0].times[0] == 0
    whole = whole and all(before.end == after.times[0] for before, after in pairwise(pieces))
    if not whole or [piece.times for piece in pieces] != [piece.times for piece in first]:
        raise CutroomError(
            "ladder.incomplete",
            f"Segments of the {name}p rung are missing or do not meet.",
            hint="Encode the missing ones, then put the ladder together again.",
            kind=ErrorKind.CONFLICT,
        )


def _listed(pieces: list[Piece], timescale: int, root: str) -> Iterator[Segment]:
    for piece in pieces:
        seconds = Fraction(piece.end - piece.times[0], timescale)
        yield Segment(uri=f"{root}/{segment_name(piece.cell)}", seconds=seconds, size_bytes=piece.size_bytes)


def _timing(outline: Outline, pieces: list[Piece], segments: Path) -> Timing:
    clock = outline.clock()
    clock.adopt(array("q", (time for piece in pieces for time in piece.times)), end=pieces[-1].end)
    timing = clock.timing(pts_file=TIMING)
    if timing.pts is not None:
        publish_once(segments / timing.pts, timing_file(timing, clock.times))
    return timing


def _measured(expected: RungResult, listed: list[Segment], target_seconds: int) -> RungResult:
    peak, average = peak_bandwidth(listed, target_seconds), average_bandwidth(listed)
    return msgspec.structs.replace(expected, bandwidth=peak, average_bandwidth=average)


def _measured_sound(expected: AudioResult, listed: list[Segment], target_seconds: int) -> AudioResult:
    return msgspec.structs.replace(expected, bandwidth=peak_bandwidth(listed, target_seconds))


def _bytes(segments: Path, listed: dict[str, list[Segment]]) -> int:
    inits = sum((segments / folder / "init.mp4").stat().st_size for folder in listed)
    return inits + sum(segment.size_bytes for found in listed.values() for segment in found)
