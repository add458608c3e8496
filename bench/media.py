"""Proxies and cuts: against the decode-only floor, the plain command line, and a full re-encode.

The footage is a minute of 1080p30 H.264 at about 8 Mb/s, made once: real footage upscaled with grain added where
CUTROOM_BENCH_SOURCE names some, the synthetic sample otherwise.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.harness import ROOT, Claim, Contender, alternate, cutroom, ffmpeg, ratio, run
from bench.ondemand import ondemand_claims

HEIGHTS = (720, 480, 240)


def claims(*, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Time ladders and cuts of one minute of 1080p."""
    source = footage(say)
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        scratch = Path(name)
        return [
            *ladder_claims(source, scratch, rounds=rounds, say=say),
            *ondemand_claims(source, scratch, rounds=rounds, say=say),
            *clip_claims(source, scratch, rounds=rounds, say=say),
        ]


def footage(say: Callable[[str], None]) -> Path:
    """The minute of 1080p that every figure is about, made once and kept in `bench/results/`."""
    original = os.environ.get("CUTROOM_BENCH_SOURCE", "")
    target = ROOT / "bench" / "results" / ("real-1080p60s.mp4" if original else "sample-1080p60s.mp4")
    if target.exists():
        return target
    say(f"making {target.name} …")
    target.parent.mkdir(exist_ok=True)
    aside = target.with_name(f"part-{target.name}")
    if original:
        inputs = ["-stream_loop", 1, "-i", original]
    else:
        inputs = ["-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30:d=60", "-f", "lavfi", "-i", "sine=440:d=60"]
    run(
        [ffmpeg(), "-v", "error", "-y", *inputs, "-vf", "scale=1920:1080:flags=bicubic,noise=alls=12:allf=t,fps=30"]
        + ["-t", 60, "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-pix_fmt", "yuv420p"]
        + ["-b:v", "8M", "-maxrate", "10M", "-bufsize", "16M", "-g", 120, "-c:a", "aac", "-ac", 2, aside]
    )
    aside.replace(target)
    return target


def ladder_claims(source: Path, scratch: Path, *, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """The three-rung ladder against decoding alone, and against one ffmpeg a rendition."""
    binary = ffmpeg()
    floor = Contender(
        "decode only", lambda: run([binary, "-v", "error", "-i", source, "-map", "0:v", "-f", "null", "-"])
    )
    ours = Contender(
        "cutroom proxy", lambda: _fresh(scratch / "ladder", lambda out: run(cutroom("proxy", source, "-o", out)))
    )
    plain = Contender(
        "ffmpeg, one run a rendition", lambda: _fresh(scratch / "plain", lambda out: _plain(binary, source, out))
    )
    alternate([floor, ours, plain], rounds=rounds, say=say)
    return [
        ratio("ladder 720/480/240 wall / decode floor", ours, floor, of="wall", target=3.2),
        ratio("ladder 720/480/240 cpu / decode floor", ours, floor, of="cpu"),
        ratio("ladder 720/480/240 wall / one ffmpeg a rendition", ours, plain, of="wall", target=1.0),
        ratio("ladder 720/480/240 cpu / one ffmpeg a rendition", ours, plain, of="cpu", target=1.0),
    ]


def _plain(binary: str, source: Path, out: Path) -> None:
    """What a script without Cutroom does: one process a height, same preset, quality and segment length."""
    for height in HEIGHTS:
        run(
            [binary, "-v", "error", "-nostdin", "-y", "-i", source, "-vf", f"scale=-2:{height}", "-c:v", "libx264"]
            + ["-preset", "veryfast", "-crf", 23, "-g", 120, "-sc_threshold", 0, "-pix_fmt", "yuv420p"]
            + ["-c:a", "aac", "-b:a", "128k", "-ac", 2, "-f", "hls", "-hls_time", 4, "-hls_playlist_type", "vod"]
            + ["-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", f"init{height}.mp4"]
            + ["-hls_segment_filename", out / f"{height}_%03d.m4s", out / f"{height}.m3u8"]
        )


def clip_claims(source: Path, scratch: Path, *, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Ten seconds that start and end inside a GOP, smart against a full re-encode by the command line."""
    binary = ffmpeg()
    span = ["--in", "00:00:21.500", "--out", "00:00:31.500"]

    def reencode(out: Path) -> None:
        run(
            [binary, "-v", "error", "-nostdin", "-y", "-ss", 21.5, "-i", source, "-t", 10, "-c:v", "libx264"]
            + ["-preset", "superfast", "-crf", 18, "-c:a", "aac", out / "re.mp4"]
        )

    def ours(mode: str) -> Callable[[Path], None]:
        return lambda out: run(cutroom("clip", source, *span, "--mode", mode, "-o", out / f"{mode}.mp4"))

    peer = Contender("ffmpeg, full re-encode", lambda: _fresh(scratch / "re", reencode))
    smart = Contender("cutroom clip --mode smart", lambda: _fresh(scratch / "smart", ours("smart")))
    copy = Contender("cutroom clip --mode copy", lambda: _fresh(scratch / "copy", ours("copy")))
    alternate([peer, smart, copy], rounds=rounds, say=say)
    return [
        ratio("10 s smart cut wall / full re-encode", smart, peer, of="wall", target=0.30),
        ratio("10 s smart cut cpu / full re-encode", smart, peer, of="cpu"),
        ratio("10 s copy cut wall / full re-encode", copy, peer, of="wall"),
    ]


def _fresh(folder: Path, once: Callable[[Path], None]) -> None:
    """Run into an empty folder, so that nothing made before is found again."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    once(folder)
