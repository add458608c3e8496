"""Proxies, previews and cuts: against the decode-only floor, other products' flags, and a full re-encode.

The footage is a minute of 1080p30 H.264 at about 8 Mb/s, made once: real footage upscaled with grain added where
CUTROOM_BENCH_SOURCE names some, the synthetic sample otherwise.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.cuts import clip_claims
from bench.frames import frame_claims
from bench.harness import ROOT, Claim, ffmpeg, run
from bench.ladders import ladder_claims
from bench.ondemand import ondemand_claims
from bench.previews import preview_claims


def claims(*, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Time ladders and cuts of one minute of 1080p."""
    source = footage(say)
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        scratch = Path(name)
        return [
            claim
            for part in (frame_claims, ladder_claims, ondemand_claims, preview_claims, clip_claims)
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
