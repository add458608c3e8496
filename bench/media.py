"""Proxies, previews and cuts: against the decode-only floor, other products' flags, and a full re-encode.

The footage is a minute of 1080p30 H.264 at about 8 Mb/s, made once: real footage upscaled with grain added where
CUTROOM_BENCH_SOURCE names some, the synthetic sample otherwise.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.harness import ROOT, Claim, Contender, alternate, cutroom, ffmpeg, fresh, ratio, run
from bench.ladders import ladder_claims
from bench.previews import preview_claims


def claims(*, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Time ladders and cuts of one minute of 1080p."""
    source = footage(say)
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        scratch = Path(name)
        return [
            claim
            for part in (ladder_claims, preview_claims, clip_claims)
            for claim in part(source, scratch, rounds=rounds, say=say)
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

    peer = Contender("ffmpeg, full re-encode", lambda: fresh(scratch / "re", reencode))
    smart = Contender("cutroom clip --mode smart", lambda: fresh(scratch / "smart", ours("smart")))
    copy = Contender("cutroom clip --mode copy", lambda: fresh(scratch / "copy", ours("copy")))
    alternate([peer, smart, copy], rounds=rounds, say=say)
    return [
        ratio("10 s smart cut wall / full re-encode", smart, peer, of="wall", target=0.30),
        ratio("10 s smart cut cpu / full re-encode", smart, peer, of="cpu"),
        ratio("10 s copy cut wall / full re-encode", copy, peer, of="wall"),
    ]
