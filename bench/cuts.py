"""Ten-second cuts against a full re-encode by the command line, and against LosslessCut's method."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from bench.harness import Claim, Contender, alternate, cutroom, ffmpeg, fresh, ratio, run


def clip_claims(source: Path, scratch: Path, *, rounds: int, say: Callable[[str], None]) -> list[Claim]:
    """Ten seconds from several places, against a full re-encode and LosslessCut's smart cut; and the same of HEVC."""
    claims: list[Claim] = []
    typical, worst = _places(source)
    for name, start in (("inside a GOP", typical), ("just behind the key frame of the longest GOP", worst)):
        claims += _smart_claims(f"10 s smart cut, {name}", source, scratch, start, rounds=rounds, say=say)
    hevc = _hevc(source, say)
    claims += _smart_claims("10 s smart cut of HEVC", hevc, scratch, Fraction(13, 2), rounds=rounds, say=say)
    return claims


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
        "LosslessCut's smart cut", lambda: fresh(scratch / "ll", lambda out: _lossless(source, out, start))
    )
    alternate([peer, smart, lossless], rounds=rounds, say=say)
    off = frames_in(scratch / "ll" / "cut.mp4") - frames_in(scratch / "smart" / "smart.mp4")
    note = f"its clip holds {off:+d} frames against ours, which are exact"
    return [
        ratio(f"{name}: wall / full re-encode", smart, peer, of="wall", target=0.30),
        ratio(f"{name}: cpu / full re-encode", smart, peer, of="cpu", target=0.30),
        ratio(f"{name}: cpu / LosslessCut's method", smart, lossless, of="cpu", note=note),
    ]


def _lossless(source: Path, out: Path, start: Fraction) -> None:
    """LosslessCut's smart cut (`smartcut.ts`, `cutEncodeSmartPart`): encode up to the next key frame at 1.2 times the
    bit rate with the codec's usual encoder, copy from there on, join both by ffmpeg's concat demuxer."""
    import av

    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        bits, codec = stream.bit_rate or 8_000_000, stream.codec_context.codec.canonical_name
        scale = int(1 / (stream.time_base or Fraction(1, 15360)))
        container.seek(int(start / (stream.time_base or 1)), stream=stream)
        packets = (p for p in container.demux(stream) if p.size and p.is_keyframe and p.pts is not None)
        key = next(p.pts * p.time_base for p in packets if p.pts * p.time_base >= start)
    front = [ffmpeg(), "-v", "error", "-nostdin", "-y"]
    joined = ["-map", "0:v", "-map", "0:a?", "-video_track_timescale", scale, "-f", "mp4"]
    encoder = {"hevc": "libx265", "h264": "libx264"}[codec]
    before, end = float(key - start), float(start + 10 - key)
    run([*front, "-ss", f"{float(start):.5f}", "-i", source, "-ss", 0, "-t", f"{before:.5f}", "-c", "copy",
         "-c:v", encoder, "-b:v", int(bits * 1.2), *joined, out / "a.mp4"])  # fmt: skip
    run([*front, "-ss", f"{float(key):.5f}", "-i", source, "-ss", 0, "-t", f"{end:.5f}", "-c", "copy",
         "-avoid_negative_ts", "make_zero", *joined, out / "b.mp4"])  # fmt: skip
    (out / "list.txt").write_text("".join(f"file '{out / part}.mp4'\n" for part in ("a", "b")))
    run([*front, "-f", "concat", "-safe", 0, "-i", out / "list.txt", "-c", "copy", *joined, out / "cut.mp4"])


def frames_in(path: Path) -> int:
    """Frames that a decoder shows."""
    import av

    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def _hevc(source: Path, say: Callable[[str], None]) -> Path:
    """Twenty-five seconds of the source in HEVC with open groups of pictures."""
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
                25,
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
