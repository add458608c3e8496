"""Sprites and peaks: their share of a ladder, and each against the plain command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from bench.harness import ROOT, Claim, Contender, alternate, cutroom, ffmpeg, fresh, ratio, run

_LADDER = """
import sys
from cutroom.proxies.work import build_ladder
out, previews = sys.argv[2], sys.argv[3] == "previews"
build_ladder(report=lambda _: None, source=sys.argv[1], segments_dir=out, playlist_dir=out,
             previews_dir=out + "/previews" if previews else None)
"""
_SOUND_MINUTES = 30


def preview_claims(source: Path, scratch: Path, *, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """A minute of 1080p, and half an hour of its sound."""
    binary = ffmpeg()

    def ladder(kind: str) -> Callable[[], None]:
        command = [sys.executable, "-c", _LADDER, source]
        return lambda: fresh(scratch / "share", lambda out: run([*command, out, kind], cwd=ROOT))

    alone, whole = (
        Contender("the ladder alone", ladder("alone")),
        Contender("with sprite and peaks", ladder("previews")),
    )
    sound = _sound(binary, source, scratch)
    peaks = Contender(
        "cutroom preview --waveform",
        lambda: fresh(scratch / "peaks", lambda out: run(cutroom("preview", sound, "-o", out, "--waveform"))),
    )
    decode = Contender(
        "ffmpeg, decoding the sound", lambda: run([binary, "-v", "error", "-i", sound, "-f", "null", "-"])
    )
    alternate([alone, whole, peaks, decode], rounds=rounds, say=say)
    return [
        ratio("ladder with sprite and peaks cpu / without", whole, alone, of="cpu", target=1.05),
        ratio(f"peaks of {_SOUND_MINUTES} min of AAC cpu / decoding it", peaks, decode, of="cpu", target=1.7),
    ]


def _sound(binary: str, source: Path, scratch: Path) -> Path:
    target = scratch / "sound.m4a"
    loop = ["-stream_loop", _SOUND_MINUTES - 1, "-i", source]
    run([binary, "-v", "error", "-y", *loop, "-map", "0:a:0", "-c", "copy", target])
    return target
