"""Ten-second cuts against a full re-encode by the command line, and against LosslessCut's method."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from bench.harness import Claim, Contender, alternate, cutroom, ffmpeg, fresh, ratio, run
from bench.peers.transcoders import lossless_copy, lossless_smart

SECONDS = 10


def clip_claims(source: Path, scratch: Path, *, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Ten seconds from several places, against a full re-encode and LosslessCut's smart cut; and the same of HEVC."""
    claims: list[Claim] = []
    typical, worst = _places(source)
    for name, start in (("inside a GOP", typical), ("just behind the key frame of the longest GOP", worst)):
        claims += _smart_claims(f"10 s smart cut, {name}", source, scratch, start, rounds=rounds, say=say)
    hevc = _hevc(source, say)
    claims += _smart_claims("10 s smart cut of HEVC", hevc, scratch, Fraction(13, 2), rounds=rounds, say=say)
    return claims + _copy_claims(source, scratch, typical, rounds=rounds, say=say)


def _places(source: Path) -> tuple[Fraction, Fraction]:
    """Seconds to cut at: half a second past 21, and one frame behind the key frame that begins the longest GOP."""
    import av

    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        rate = stream.average_rate or Fraction(30)
        keys = [p.pts * p.time_base for p in container.demux(stream) if p.size and p.is_keyframe and p.pts is not None]
    early = [(b - a, a) for a, b in itertools.pairwise(keys) if b < 45]
    return Fraction(43, 2), Fraction(max(early)[1] + 1 / rate)


def _smart_claims(
    name: str,
    source: Path,
    scratch: Path,
    start: Fraction,
    *,
    rounds: int,
    say: Callable[[str], None],
) -> list[Claim]:
    binary = ffmpeg()
    codec = ["libx265", "-x265-params", "log-level=error"] if "HEVC" in name else ["libx264"]

    def reencode(out: Path) -> None:
        seek = ["-ss", f"{float(start):.6f}"]
        run(
            [binary, "-v", "error", "-nostdin", "-y", *seek, "-i", source, "-t", 10, "-c:v", *codec]
            + ["-preset", "superfast", "-crf", 18, "-c:a", "aac", out / "re.mp4"]
        )

    def ours(out: Path) -> None:
        span = ["--in", f"{float(start):.6f}", "--out", f"{float(start + 10):.6f}"]
        run(cutroom("clip", source, *span, "-o", out / "smart.mp4"))

    peer = Contender("ffmpeg, full re-encode", lambda: fresh(scratch / "re", reencode))
    smart = Contender("cutroom clip --mode smart", lambda: fresh(scratch / "smart", ours))
    lossless = Contender(
        "LosslessCut's smart cut",
        lambda: fresh(scratch / "ll", lambda out: lossless_smart(source, out, start, SECONDS)),
    )
    alternate([peer, smart, lossless], rounds=rounds, say=say)
    off = frames_in(scratch / "ll" / "cut.mp4") - frames_in(scratch / "smart" / "smart.mp4")
    note = f"its clip holds {off:+d} frames against ours, which are exact"
    return [
        ratio(f"{name}: wall / full re-encode", smart, peer, of="wall", target=0.30),
        ratio(f"{name}: cpu / full re-encode", smart, peer, of="cpu", target=0.30),
        ratio(f"{name}: cpu / LosslessCut's method", smart, lossless, of="cpu", note=note),
    ]


def _copy_claims(
    source: Path, scratch: Path, start: Fraction, *, rounds: int, say: Callable[[str], None]
) -> list[Claim]:
    span = ["--in", f"{float(start):.6f}", "--out", f"{float(start + SECONDS):.6f}", "--mode", "copy"]
    copy = Contender(
        "cutroom clip --mode copy",
        lambda: fresh(scratch / "copy", lambda out: run(cutroom("clip", source, *span, "-o", out / "copy.mp4"))),
    )
    lossless = Contender(
        "LosslessCut's key-frame cut",
        lambda: fresh(scratch / "ll", lambda out: lossless_copy(source, out, start, SECONDS)),
    )
    alternate([copy, lossless], rounds=rounds, say=say)
    ours, theirs = frames_in(scratch / "copy" / "copy.mp4"), frames_in(scratch / "ll" / "cut.mp4")
    note = f"{ours} frames, which the answer tells, against {theirs}; ours reads its clip back"
    return [ratio("10 s copy cut: wall / LosslessCut's key-frame cut", copy, lossless, of="wall", note=note)]


def frames_in(path: Path) -> int:
    """Frames that a decoder shows."""
    import av

    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def _hevc(source: Path, say: Callable[[str], None]) -> Path:
    """Eighteen seconds of the source in HEVC with open groups of pictures."""
    target = source.with_name(f"hevc-{source.name}")
    if not target.exists():
        say(f"making {target.name} …")
        aside = target.with_name(f"part-{target.name}")
        run(
            [
                ffmpeg(),
                "-v",
                "error",
                "-y",
                "-i",
                source,
                "-t",
                18,
                "-c:v",
                "libx265",
                "-preset",
                "ultrafast",
                "-b:v",
                "6M",
            ]
            + ["-x265-params", "log-level=error:keyint=120:bframes=3", "-tag:v", "hvc1", "-c:a", "copy", aside]
        )
        aside.replace(target)
    return target
