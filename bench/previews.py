"""Sprites, peaks and thumbnails: their share of a ladder, and each against the plain way to have it."""

from __future__ import annotations

import statistics
import struct
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from bench.harness import ROOT, Claim, Contender, alternate, cutroom, ffmpeg, fresh, ratio, run
from cutroom.media.boxes import find
from cutroom.media.hls import Segment, media_playlist, playlist_files
from cutroom.media.images import save_image
from cutroom.media.keyframes import keyframes_at
from cutroom.media.picture import frame_picture
from cutroom.media.previews import make_sprite
from cutroom.media.probe import real_video, sample_aspect
from cutroom.media.progressive_track import track_timescale
from cutroom.media.rotation import read_orientation
from cutroom.media.source import open_source
from cutroom.media.trickplay import make_sprite_of_rung

_LADDER = """
import sys
from cutroom.proxies.work import build_ladder
out, previews = sys.argv[2], sys.argv[3] == "previews"
build_ladder(report=lambda _: None, source=sys.argv[1], segments_dir=out, playlist_dir=out,
             previews_dir=out + "/previews" if previews else None)
"""
_SOUND_MINUTES = 30
_MINUTES = 60  # of the recording that a sprite is made of
_PLACES = 4


def preview_claims(source: Path, scratch: Path, *, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Twenty seconds of 1080p with previews and without, half an hour of sound, an hour of pictures, one thumbnail."""
    short, sound = scratch / "short.mp4", scratch / "sound.m4a"
    run([ffmpeg(), "-v", "error", "-y", "-i", source, "-t", 20, "-c", "copy", short])
    loop = ["-stream_loop", _SOUND_MINUTES - 1, "-i", source]
    run([ffmpeg(), "-v", "error", "-y", *loop, "-map", "0:a:0", "-c", "copy", sound])

    def ladder(kind: str) -> Callable[[], None]:
        command = [sys.executable, "-c", _LADDER, short]
        return lambda: fresh(scratch / "share", lambda out: run([*command, out, kind], cwd=ROOT))

    alone, whole = (
        Contender("the ladder alone", ladder("alone")),
        Contender("with sprite and peaks", ladder("previews")),
    )
    peaks = Contender(
        "cutroom preview --waveform",
        lambda: fresh(scratch / "peaks", lambda out: run(cutroom("preview", sound, "-o", out, "--waveform"))),
    )
    decode = Contender(
        "ffmpeg, decoding the sound", lambda: run([ffmpeg(), "-v", "error", "-i", sound, "-f", "null", "-"])
    )
    alternate([alone, whole, peaks, decode], rounds=rounds, say=say)
    return [
        ratio("ladder with sprite and peaks cpu / without", whole, alone, of="cpu", target=1.05),
        ratio(f"peaks of {_SOUND_MINUTES} min of AAC cpu / decoding it", peaks, decode, of="cpu", target=1.7),
        _trickplay(source, scratch, rounds=rounds, say=say),
        _thumbnail(source, scratch, rounds=rounds, say=say),
    ]


def _trickplay(source: Path, scratch: Path, *, rounds: int, say: Callable[[str], None]) -> Claim:
    """An hour: the footage's lowest rung again and again, against key frames of the footage, as many as there are."""
    ladder, out = scratch / "rung", scratch / "sprites"
    fresh(ladder, lambda folder: run(cutroom("proxy", source, "-o", folder, "--ladder", "240")))
    playlist = _repeated(ladder / "240.m3u8", _MINUTES)
    out.mkdir(exist_ok=True)
    runs, note = [], ""
    for _ in range(rounds):
        started = time.process_time()
        of_rung = make_sprite_of_rung(playlist, out, Fraction(60 * _MINUTES))
        ours = time.process_time() - started
        started = time.process_time()
        of_source = make_sprite(source, out)
        assert of_rung is not None
        assert of_source is not None
        tiles = [one.count + (len(one.fine.times) if one.fine is not None else 0) for one in (of_rung, of_source)]
        theirs = (time.process_time() - started) * tiles[0] / tiles[1]
        note = f"{tiles[0]} tiles: {ours:.2f} s against {theirs:.1f} s CPU, the latter from {tiles[1]} tiles"
        runs.append(ours / theirs)
    say(f"sprite of an hour: {note}")
    return _claim("sprite of an hour, from the lowest rung cpu / from the source's key frames", 0.06, runs, note)


def _repeated(playlist: Path, times: int) -> Path:
    """The same segments again and again, their times going on."""
    init, names = playlist_files(playlist.read_text())
    folder = playlist.parent
    segments, shift = [], 0
    for turn in range(times):
        for name in names:
            data = bytearray((folder / name).read_bytes())
            box = next(find(bytes(data), b"moof", b"traf", b"tfdt"))
            at = box.payload + 4
            (time_,) = struct.unpack_from(">Q", data, at)
            struct.pack_into(">Q", data, at, time_ + shift)
            copy = f"{turn}-{Path(name).name}"
            (folder / copy).write_bytes(data)
            segments.append(Segment(uri=copy, seconds=Fraction(4), size_bytes=len(data)))
        shift += 60 * track_timescale((folder / init).read_bytes())
    long = folder / "long.m3u8"
    long.write_text(media_playlist(segments, init_uri=init, target_seconds=4, ended=True))
    return long


def _thumbnail(source: Path, scratch: Path, *, rounds: int, say: Callable[[str], None]) -> Claim:
    """One key frame as a JPEG of 320 pixels, in a process that is there already, against a run of FFmpeg."""
    out = scratch / "thumb.jpg"
    at = 30

    def ours() -> None:
        with open_source(source) as container:
            stream = real_video(container)
            assert stream is not None
            turned = read_orientation(source, container, stream)
            _, frame = next(iter(keyframes_at(container, stream, [Fraction(at)])))
            save_image(frame_picture(frame, aspect=sample_aspect(stream), turned=turned, width=320), out)

    command = [ffmpeg(), "-v", "error", "-y", "-ss", at, "-i", source, "-frames:v", 1, "-vf", "scale=320:-2", out]
    cli = Contender("ffmpeg, one thumbnail", lambda: run(command))
    ours()  # the first one loads the library
    runs = []
    for number in range(3 * rounds):
        started = time.process_time()
        ours()
        spent = time.process_time() - started
        alternate([cli], rounds=1, say=lambda _: None)
        runs.append(spent / cli.figures[-1].cpu)
        say(f"round {number + 1}/{3 * rounds}  thumbnail: {spent:.3f} s against {cli.figures[-1].cpu:.3f} s CPU")
    return _claim("warm thumbnail cpu / ffmpeg's command line", 0.45, runs, f"key frame at {at} s, 320 pixels, JPEG")


def _claim(name: str, target: float, runs: list[float], note: str) -> Claim:
    value = statistics.median(runs)
    return Claim(
        name=name,
        value=round(value, _PLACES),
        unit="x (cpu)",
        target=f"<= {target}",
        held=value <= target,
        runs=[round(one, _PLACES) for one in runs],
        peer="ffmpeg" if "ffmpeg" in name else "the source",
        note=note,
    )
